// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.schedule.Curve;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.token.Tokenizer;
import io.github.md4.sample.method.ContextDenoiser;
import io.github.md4.sample.service.PendingSamples;
import io.github.md4.sample.service.RequestLimits;
import io.github.md4.sample.service.ServiceLimits;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** A network of 7 tokens that makes a call for each permit. */
final class GatedNetwork implements Denoiser {
  static final int LENGTH = 12;
  static final int FAILING_LENGTH = 5;
  static final SamplingOptions OPTIONS =
      SamplingOptions.defaults().sampler("ancestral(20, cosine, argmax)").seed(1);
  private static final String SYMBOLS = "abcdefg";

  private final Denoiser network = new ContextDenoiser(SYMBOLS.length());

  /** A permit for each call that it may make. */
  final Semaphore permits = new Semaphore(0);

  /** A permit for each call that has begun. */
  final Semaphore entered = new Semaphore(0);

  /** The numbers of sequences of its calls. */
  final List<Integer> sizes = new CopyOnWriteArrayList<>();

  /** The threads of its calls. */
  final List<Thread> threads = new CopyOnWriteArrayList<>();

  @Override
  public NDArray logits(NDArray zt, Condition condition, NDArray rows) {
    sizes.add((int) zt.getShape().get(0));
    threads.add(Thread.currentThread());
    entered.release();
    permits.acquireUninterruptibly();
    if (zt.getShape().get(1) == FAILING_LENGTH) {
      throw new IllegalStateException("the network's own");
    }
    return network.logits(zt, condition, rows);
  }

  /** Returns a model of sequences of {@link #LENGTH} tokens. */
  MaskedDiffusion model(ServiceLimits limits) {
    MaskingSchedule schedule = new MaskingSchedule(new Curve.Linear());
    return MaskedDiffusion.of(this, schedule, new Tokenizer.Characters(SYMBOLS), LENGTH, limits);
  }

  /** Lets all calls be made. */
  void open() {
    permits.release(1_000_000);
  }

  /** Lets all calls be made, and closes the model without waiting. */
  void end(MaskedDiffusion model) {
    open();
    model.closeWithin(Duration.ZERO);
  }

  /** Waits until a call has begun. */
  void awaitCall() throws InterruptedException {
    assertThat(entered.tryAcquire(20, TimeUnit.SECONDS)).isTrue();
  }

  /** Lets the call that waits end, and the next begin. */
  void step() throws InterruptedException {
    permits.release();
    awaitCall();
  }

  /** Submits a request for samples from masks. */
  static PendingSamples submitted(MaskedDiffusion model, int samples) {
    return model.submit(model.masked(samples), OPTIONS, RequestLimits.none());
  }

  /** Returns what a request failed with; null if it did not fail. */
  static <T> Throwable failure(CompletableFuture<T> future) {
    try {
      T unused = future.get(20, TimeUnit.SECONDS);
      return null;
    } catch (ExecutionException e) {
      return e.getCause();
    } catch (Exception e) {
      return e;
    }
  }
}
