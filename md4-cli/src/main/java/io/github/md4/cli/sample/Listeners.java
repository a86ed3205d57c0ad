// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.sample;

import io.github.md4.sample.trajectory.Sample;
import io.github.md4.sample.trajectory.SamplingListener;
import io.github.md4.sample.trajectory.TokenEvent;
import java.util.List;

/** A listener that tells several others. */
record Listeners(List<SamplingListener> listeners) implements SamplingListener {
  @Override
  public void called(int done, int planned) {
    listeners.forEach(listener -> listener.called(done, planned));
  }

  @Override
  public boolean readsPlanned() {
    return listeners.stream().anyMatch(SamplingListener::readsPlanned);
  }

  @Override
  public void changed(TokenEvent event) {
    listeners.forEach(listener -> listener.changed(event));
  }

  @Override
  public void finished(Sample sample) {
    listeners.forEach(listener -> listener.finished(sample));
  }
}
