// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.sample;

import io.github.md4.sample.InitialSequence;
import io.github.md4.sample.Sample;
import io.github.md4.sample.SamplingListener;
import java.io.PrintWriter;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Prints samples in the order of their indices, from 0 on, each as soon as all before it are. */
final class SamplePrinter implements SamplingListener {
  private final PrintWriter out;
  private final SampleForm form;
  private final List<InitialSequence> starts;
  private final Map<Long, Sample> early = new TreeMap<>();
  private int next;

  SamplePrinter(PrintWriter out, SampleForm form, List<InitialSequence> starts) {
    this.out = out;
    this.form = form;
    this.starts = starts;
  }

  @Override
  public void called(int done, int planned) {}

  @Override
  public void finished(Sample sample) {
    early.put(sample.index(), sample);
    for (Sample now = early.remove((long) next); now != null; now = early.remove((long) next)) {
      out.println(form.of(now, starts.get(next++).zt()));
    }
    out.flush();
  }
}
