// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.sample;

import io.github.md4.cli.screen.Progress;
import io.github.md4.sample.trajectory.SamplingListener;

/** A listener that shows the progress of sampling in calls of the network. */
final class SamplingProgress implements SamplingListener, AutoCloseable {
  private Progress progress = new Progress.Silent();

  @Override
  public void called(int done, int planned) {
    if (done == 1) {
      progress.close(); // that of the sequences of another length
      progress = Progress.start("sample", 0, planned);
    }
    progress.at(done, "calls of the network");
  }

  @Override
  public void close() {
    progress.close();
  }
}
