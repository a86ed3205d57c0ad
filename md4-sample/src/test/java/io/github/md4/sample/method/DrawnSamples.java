// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.method;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.torch.DrawKernels;
import io.github.md4.sample.BorrowedKernels;
import io.github.md4.sample.GenerativeModel;
import io.github.md4.sample.trajectory.InitialSequence;
import io.github.md4.sample.trajectory.Sample;
import io.github.md4.sample.trajectory.SampleRequest;
import java.util.List;
import java.util.stream.LongStream;

/** Samples of three positions, enough of them to be compared with a law. */
record DrawnSamples(NDManager manager, DrawKernels kernels) implements AutoCloseable {
  private static final int COUNT = 6_007;

  static DrawnSamples open() {
    NDManager manager = NDManager.newBaseManager();
    return new DrawnSamples(manager, new DrawKernels(manager));
  }

  /** Returns samples of a model from a template. */
  List<Sample> of(GenerativeModel model, SamplingMethod method, int... template) {
    List<InitialSequence> sequences =
        LongStream.range(0, COUNT).mapToObj(i -> new InitialSequence(template, i)).toList();
    return new BorrowedKernels(manager, kernels)
        .sampler(model, method)
        .sample(new SampleRequest(sequences, 83, 5_003, 1));
  }

  /** Compares the samples of a model with a law of all outcomes. */
  void check(double[] law, GenerativeModel model, SamplingMethod method, int... template) {
    ExactLaw.check(law, ExactLaw.counts(of(model, method, template)));
  }

  @Override
  public void close() {
    kernels.close();
    manager.close();
  }
}
