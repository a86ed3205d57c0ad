// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import io.github.md4.sample.trajectory.Sample;
import io.github.md4.sample.trajectory.SampleRequest;
import io.github.md4.sample.trajectory.SamplingListener;
import io.github.md4.sample.trajectory.TokenEvent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** A list of what a listener hears, in its order. */
final class Heard implements SamplingListener {
  final List<String> all = new ArrayList<>();

  @Override
  public void called(int done, int planned) {
    all.add("call %d of %d".formatted(done, planned));
  }

  @Override
  public void changed(TokenEvent event) {
    all.add(event.toString());
  }

  @Override
  public void finished(Sample sample) {
    all.add(text(sample));
  }

  private static String text(Sample sample) {
    return "sample %d %s %s %d"
        .formatted(
            sample.index(),
            Arrays.toString(sample.tokens()),
            Arrays.toString(sample.filled()),
            sample.calls());
  }

  /** Returns what a listener hears, and then the samples. */
  static List<String> run(Sampler sampler, SampleRequest request) {
    Heard heard = new Heard();
    List<Sample> samples = sampler.sample(request, heard);
    samples.forEach(sample -> heard.all.add(text(sample)));
    return heard.all;
  }

  /** Returns what is heard but for calls, by sequence, of which there are at most eight. */
  static List<List<String>> bySequence(List<String> heard) {
    return IntStream.range(0, 8)
        .mapToObj(
            index ->
                heard.stream()
                    .filter(
                        line ->
                            line.startsWith("sample " + index + " ")
                                || line.contains("[sample=" + index + ","))
                    .toList())
        .toList();
  }
}
