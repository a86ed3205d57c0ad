// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.github.md4.sample.service.DeadlineException;
import io.github.md4.sample.service.PendingSamples;
import io.github.md4.sample.service.RequestLimits;
import io.github.md4.sample.service.ServiceLimits;
import io.github.md4.sample.trajectory.Sample;
import io.github.md4.sample.trajectory.TokenEvent;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The ends of requests: cancelled, too late, interrupted, or of a closed model. */
@Tag("exact")
@Timeout(120)
final class ServiceEndTest {
  private final GatedNetwork gate = new GatedNetwork();
  private MaskedDiffusion model = gate.model(ServiceLimits.defaults());

  @AfterEach
  void close() {
    gate.end(model);
  }

  @Test
  void cancel_endsWhatWaitsAtOnceAndWhatRunsAtItsNextCall() throws Exception {
    PendingSamples running = GatedNetwork.submitted(model, 3);
    gate.awaitCall();
    PendingSamples waiting = GatedNetwork.submitted(model, 3);
    assertThat(waiting.cancel()).isTrue();
    assertThat(GatedNetwork.failure(waiting.result())).isInstanceOf(CancellationException.class);
    assertThat(waiting.cancel()).isFalse();
    assertThat(running.result().cancel(true)).isTrue();
    gate.open();
    assertThat(GatedNetwork.submitted(model, 1).result().get(20, TimeUnit.SECONDS)).hasSize(1);
    assertThat(gate.sizes.get(0)).isEqualTo(3);
    assertThat(gate.sizes.subList(1, gate.sizes.size())).containsOnly(1);
  }

  private PendingSamples submittedWithin(long millis) {
    return model.submit(
        model.masked(1),
        GatedNetwork.OPTIONS,
        RequestLimits.none().within(Duration.ofMillis(millis)));
  }

  @Test
  void deadline_endsWhatWaits() throws Exception {
    PendingSamples first = GatedNetwork.submitted(model, 2);
    gate.awaitCall();
    PendingSamples waiting = submittedWithin(50);
    Thread.sleep(60);
    gate.open();
    assertThat(GatedNetwork.failure(waiting.result()))
        .isInstanceOf(DeadlineException.class)
        .hasMessage("the request was not done within its deadline of 50 ms");
    assertThat(first.result().get(20, TimeUnit.SECONDS)).hasSize(2);
    assertThat(gate.sizes).allMatch(size -> size <= 2); // it was in no call
  }

  @Test
  void deadline_endsWhatRuns() throws Exception {
    long millis = 25;
    PendingSamples running;
    do { // on a busy machine the deadline may pass before the call begins
      millis *= 2;
      running = submittedWithin(millis);
    } while (!gate.entered.tryAcquire(millis, TimeUnit.MILLISECONDS));
    Thread.sleep(millis);
    gate.open();
    assertThat(GatedNetwork.failure(running.result()))
        .isInstanceOf(DeadlineException.class)
        .hasMessage("the request was not done within its deadline of %d ms".formatted(millis));
    assertThat(GatedNetwork.submitted(model, 1).result().get(20, TimeUnit.SECONDS)).hasSize(1);
  }

  @Test
  void deadline_isMoreThanNothing() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> RequestLimits.none().within(Duration.ZERO))
        .withMessage("deadline must be more than nothing: 0.0");
  }

  @Test
  void interrupt_endsTheRequestOfTheThread() throws Exception {
    AtomicReference<Throwable> thrown = new AtomicReference<>();
    CountDownLatch ended = new CountDownLatch(1);
    Thread client =
        new Thread(
            () -> {
              try {
                List<Sample> unused = model.generate(1, GatedNetwork.OPTIONS);
              } catch (CancellationException e) {
                thrown.set(Thread.currentThread().isInterrupted() ? e : null);
              }
              ended.countDown();
            });
    client.start();
    gate.awaitCall();
    client.interrupt();
    assertThat(ended.await(20, TimeUnit.SECONDS)).isTrue(); // while the call goes on
    assertThat(thrown.get()).hasMessageContaining("interrupted");
  }

  @Test
  void close_refusesNewRequestsAndLetsOthersEndWithinItsGrace() throws Exception {
    PendingSamples running = GatedNetwork.submitted(model, 2);
    gate.awaitCall();
    PendingSamples waiting = GatedNetwork.submitted(model, 2);
    CompletableFuture<Void> closed = CompletableFuture.runAsync(model::close);
    while (isOpen()) {
      Thread.sleep(1);
    }
    assertThat(closed.isDone()).isFalse();
    gate.open();
    closed.get(20, TimeUnit.SECONDS);
    assertThat(running.result().get(20, TimeUnit.SECONDS)).hasSize(2);
    assertThat(waiting.result().get(20, TimeUnit.SECONDS)).hasSize(2);
  }

  private boolean isOpen() {
    try {
      return GatedNetwork.submitted(model, 1).cancel();
    } catch (IllegalStateException e) {
      assertThat(e).hasMessage("this model is closed");
      return false;
    }
  }

  @Test
  void close_withoutGraceEndsAllWithinOneCall() throws Exception {
    PendingSamples running = GatedNetwork.submitted(model, 2);
    gate.awaitCall();
    PendingSamples waiting = GatedNetwork.submitted(model, 2);
    CompletableFuture<Void> closed =
        CompletableFuture.runAsync(() -> model.closeWithin(Duration.ZERO));
    while (isOpen()) {
      Thread.sleep(1);
    }
    gate.permits.release();
    closed.get(20, TimeUnit.SECONDS);
    for (PendingSamples each : List.of(running, waiting)) {
      assertThat(GatedNetwork.failure(each.result()))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("this model is closed");
    }
    assertThat(gate.sizes.size()).isLessThanOrEqualTo(2);
  }

  @Test
  void close_inASubscriberEndsThatRequestAndHangsNobody() throws Exception {
    PendingSamples pending =
        GatedNetwork.submitted(model, 64); // of which some change in the first call
    CompletableFuture<Void> closed = new CompletableFuture<>();
    pending
        .events()
        .subscribe(
            new Flow.Subscriber<>() {
              @Override
              public void onSubscribe(Flow.Subscription given) {
                given.request(1);
              }

              @Override
              public void onNext(TokenEvent event) {
                model.close();
                boolean unused = closed.complete(null);
              }

              @Override
              public void onError(Throwable cause) {}

              @Override
              public void onComplete() {}
            });
    gate.permits.release();
    closed.get(20, TimeUnit.SECONDS); // before the second call ends
    gate.open();
    assertThat(GatedNetwork.failure(pending.result()))
        .hasMessage("this model was closed in a listener of this request");
    model.close();
    assertThatIllegalStateException().isThrownBy(() -> GatedNetwork.submitted(model, 1));
  }
}
