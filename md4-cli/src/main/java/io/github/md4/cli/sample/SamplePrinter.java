// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.sample;

import io.github.md4.sample.trajectory.InitialSequence;
import io.github.md4.sample.trajectory.Sample;
import io.github.md4.sample.trajectory.SamplingListener;
import java.io.PrintWriter;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A listener that prints samples in the order of their indices, each as early as possible and once.
 */
final class SamplePrinter implements SamplingListener {
  private final PrintWriter out;
  private final SampleForm form;
  private final List<InitialSequence> sequences;
  private final Map<Long, Sample> early = new TreeMap<>();
  private long next;

  /**
   * @param sequences the initial sequences, whose indices follow each other
   */
  SamplePrinter(PrintWriter out, SampleForm form, List<InitialSequence> sequences) {
    this.next = sequences.get(0).index();
    this.out = out;
    this.form = form;
    this.sequences = sequences;
  }

  @Override
  public void called(int done, int planned) {}

  @Override
  public boolean readsPlanned() {
    return false;
  }

  @Override
  public void finished(Sample sample) {
    if (sample.index() < next) {
      return; // printed
    }
    early.put(sample.index(), sample);
    for (Sample now = early.remove(next); now != null; now = early.remove(next)) {
      int place = Math.toIntExact(next++ - sequences.get(0).index());
      out.println(form.of(now, sequences.get(place).zt()));
    }
    out.flush();
  }
}
