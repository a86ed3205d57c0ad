// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import io.github.md4.sample.trajectory.Sample;
import io.github.md4.sample.trajectory.SamplingListener;
import io.github.md4.sample.trajectory.TokenEvent;
import java.util.ArrayList;
import java.util.List;

/** A listener that keeps everything. */
final class Hearing implements SamplingListener {
  final List<int[]> calls = new ArrayList<>();
  final List<TokenEvent> events = new ArrayList<>();
  final List<Sample> finished = new ArrayList<>();

  @Override
  public void called(int done, int planned) {
    calls.add(new int[] {done, planned});
  }

  @Override
  public void changed(TokenEvent event) {
    events.add(event);
  }

  @Override
  public void finished(Sample sample) {
    finished.add(sample);
  }
}
