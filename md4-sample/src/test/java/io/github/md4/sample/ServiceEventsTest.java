// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.md4.sample.service.PendingSamples;
import io.github.md4.sample.service.ServiceLimits;
import io.github.md4.sample.trajectory.Sample;
import io.github.md4.sample.trajectory.SamplingListener;
import io.github.md4.sample.trajectory.TokenEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Flow;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The events of a request, which its subscribers and listeners are told. */
@Tag("exact")
@Timeout(120)
final class ServiceEventsTest {
  private final GatedNetwork gate = new GatedNetwork();
  private MaskedDiffusion model = gate.model(ServiceLimits.defaults());

  @AfterEach
  void close() {
    gate.end(model);
  }

  /** A subscriber that asks for one event at a time. */
  private static final class Slow implements Flow.Subscriber<TokenEvent> {
    private final List<TokenEvent> events = new CopyOnWriteArrayList<>();
    private final CompletableFuture<Throwable> end = new CompletableFuture<>();
    private final Semaphore heard = new Semaphore(0);
    private Flow.Subscription subscription;

    @Override
    public void onSubscribe(Flow.Subscription given) {
      subscription = given;
    }

    @Override
    public void onNext(TokenEvent event) {
      events.add(event);
      heard.release();
    }

    @Override
    public void onError(Throwable cause) {
      boolean unused = end.complete(cause);
    }

    @Override
    public void onComplete() {
      boolean unused = end.complete(null);
    }
  }

  @Test
  void events_comeAsTheyAreAskedForAndHoldUpTheirRequestAlone() throws Exception {
    gate.open();
    PendingSamples slow = GatedNetwork.submitted(model, 64); // 768 positions
    Slow subscriber = new Slow();
    slow.events().subscribe(subscriber);
    assertThat(model.generate(2, GatedNetwork.OPTIONS.seed(5))).hasSize(2); // others go on
    Thread.sleep(100);
    assertThat(subscriber.events).isEmpty();
    subscriber.subscription.request(3);
    assertThat(subscriber.heard.tryAcquire(3, 20, TimeUnit.SECONDS)).isTrue();
    Thread.sleep(50);
    assertThat(subscriber.events).hasSize(3);
    subscriber.subscription.request(Long.MAX_VALUE);
    List<Sample> samples = slow.result().get(20, TimeUnit.SECONDS);
    assertThat(subscriber.end.get(20, TimeUnit.SECONDS)).isNull();
    assertThat(subscriber.events).hasSize(64 * GatedNetwork.LENGTH);
    for (TokenEvent event : subscriber.events) {
      Sample sample = samples.get((int) event.sample());
      assertThat(sample.tokens()[event.position()]).isEqualTo(event.token());
    }
    Slow second = new Slow();
    slow.events().subscribe(second);
    assertThat(second.end.get(20, TimeUnit.SECONDS)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void events_pauseARequestThatIsNotRead() throws Exception {
    PendingSamples slow = GatedNetwork.submitted(model, 64);
    Slow subscriber = new Slow();
    slow.events().subscribe(subscriber);
    gate.open();
    int calls = -1;
    while (gate.sizes.size() > calls) { // until no more come
      calls = gate.sizes.size();
      Thread.sleep(300);
    }
    assertThat(slow.result().isDone()).isFalse();
    assertThat(slow.cancel()).isTrue();
    subscriber.subscription.request(Long.MAX_VALUE);
    assertThat(subscriber.end.get(20, TimeUnit.SECONDS)).isInstanceOf(CancellationException.class);
  }

  @Test
  void events_ofAWrongOrLeavingSubscriber() throws Exception {
    gate.open();
    PendingSamples pending = GatedNetwork.submitted(model, 64);
    Slow wrong = new Slow();
    pending.events().subscribe(wrong);
    wrong.subscription.request(0);
    assertThat(wrong.end.get(20, TimeUnit.SECONDS)).isInstanceOf(IllegalArgumentException.class);
    assertThat(pending.result().get(20, TimeUnit.SECONDS)).hasSize(64);
    PendingSamples left = GatedNetwork.submitted(model, 64);
    Slow leaving = new Slow();
    left.events().subscribe(leaving);
    leaving.subscription.cancel();
    assertThat(left.result().get(20, TimeUnit.SECONDS)).hasSize(64);
  }

  @Test
  void listener_mayAskTheSameModel() {
    gate.open();
    List<String> inner = new ArrayList<>();
    SamplingListener asks =
        (done, planned) ->
            inner.add(model.generate(1, GatedNetwork.OPTIONS.seed(done)).get(0).text());
    assertThat(model.generate(model.masked(1), GatedNetwork.OPTIONS, asks)).hasSize(1);
    assertThat(inner).isNotEmpty().allMatch(text -> text.length() == GatedNetwork.LENGTH);
  }

  @Test
  void listener_thatThrowsEndsItsRequest() {
    gate.open();
    SamplingListener throwing =
        (done, planned) -> {
          throw new IllegalArgumentException("mine");
        };
    assertThatIllegalArgumentException()
        .isThrownBy(() -> model.generate(model.masked(1), GatedNetwork.OPTIONS, throwing))
        .withMessage("mine");
    assertThat(model.generate(1, GatedNetwork.OPTIONS)).hasSize(1);
  }

  @Test
  void dependents_runOnAThreadThatHoldsUpNobody() throws Exception {
    gate.open();
    CountDownLatch isHeld = new CountDownLatch(1);
    CompletableFuture<Void> held =
        GatedNetwork.submitted(model, 1)
            .result()
            .thenAccept(
                samples -> {
                  try {
                    assertThat(isHeld.await(20, TimeUnit.SECONDS)).isTrue();
                  } catch (InterruptedException e) {
                    throw new CompletionException(e);
                  }
                });
    assertThat(GatedNetwork.submitted(model, 1).result().get(20, TimeUnit.SECONDS)).hasSize(1);
    isHeld.countDown();
    held.get(20, TimeUnit.SECONDS);
  }
}
