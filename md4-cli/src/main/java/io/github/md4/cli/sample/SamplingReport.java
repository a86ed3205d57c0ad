// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.sample;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.md4.cli.report.Json;
import io.github.md4.sample.trajectory.Sample;
import io.github.md4.sample.trajectory.SamplingListener;

/** A listener that counts the calls, tokens and time of sampling, for {@code --report}. */
final class SamplingReport implements SamplingListener {
  private final long start = System.nanoTime();
  private long networkCalls;
  private long sequenceCalls;
  private long tokens;
  private int count;

  @Override
  public void called(int done, int planned) {
    networkCalls++;
  }

  @Override
  public boolean readsPlanned() {
    return false;
  }

  @Override
  public void finished(Sample sample) {
    sequenceCalls += sample.calls();
    tokens += sample.tokens().length;
    count++;
  }

  /** Returns the counts, and the time until now. */
  ObjectNode json() {
    double seconds = (System.nanoTime() - start) * 1e-9;
    return Json.report()
        .put("count", count)
        .put("tokens", tokens)
        .put("networkCalls", networkCalls)
        .put("sequenceCalls", sequenceCalls)
        .put("seconds", seconds)
        .put("sequencesPerSecond", count / seconds)
        .put("tokensPerSecond", tokens / seconds);
  }
}
