// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.NDArray;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.schedule.Curve;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.token.Tokenizer;
import io.github.md4.sample.method.ContextDenoiser;
import io.github.md4.sample.method.Methods;
import io.github.md4.sample.method.SamplingMethod;
import io.github.md4.sample.service.DeadlineException;
import io.github.md4.sample.service.OverloadedException;
import io.github.md4.sample.service.Pending;
import io.github.md4.sample.service.PendingSamples;
import io.github.md4.sample.service.RequestLimits;
import io.github.md4.sample.service.ServiceLimits;
import io.github.md4.sample.trajectory.Sample;
import io.github.md4.sample.trajectory.SamplingListener;
import io.github.md4.sample.trajectory.TokenEvent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A model that serves several requests at once, its network held by the test. */
@Tag("exact")
@Timeout(120)
final class ServiceTest {
  private static final int TOKENS = 7;
  private static final int LENGTH = 12;
  private static final SamplingOptions OPTIONS =
      SamplingOptions.defaults().sampler("ancestral(20, cosine, argmax)").seed(1);

  private final Gate gate = new Gate();
  private MaskedDiffusion model = model(ServiceLimits.defaults());

  /** A network that makes a call for each permit, and keeps the sizes of its calls. */
  private static final class Gate implements Denoiser {
    private static final int FAILING_LENGTH = 5;

    private final Denoiser network = new ContextDenoiser(TOKENS);
    private final Semaphore permits = new Semaphore(0);
    private final List<Integer> sizes = new CopyOnWriteArrayList<>();
    private final Semaphore entered = new Semaphore(0);
    private final List<Thread> threads = new CopyOnWriteArrayList<>();

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

    void open() {
      permits.release(1_000_000);
    }

    void awaitCall() throws InterruptedException {
      assertThat(entered.tryAcquire(20, TimeUnit.SECONDS)).isTrue();
    }

    /** Lets the call that waits end, and the next begin. */
    void step() throws InterruptedException {
      permits.release();
      awaitCall();
    }
  }

  private MaskedDiffusion model(ServiceLimits limits) {
    return MaskedDiffusion.of(
        gate,
        new MaskingSchedule(new Curve.Linear()),
        new Tokenizer.Characters("abcdefg"),
        LENGTH,
        limits);
  }

  @AfterEach
  void close() {
    gate.open();
    model.closeWithin(Duration.ZERO);
  }

  private static <T> Throwable failure(CompletableFuture<T> future) {
    try {
      T unused = future.get(20, TimeUnit.SECONDS);
      return null;
    } catch (ExecutionException e) {
      return e.getCause();
    } catch (Exception e) {
      return e;
    }
  }

  private PendingSamples submitted(int samples) {
    return model.submit(model.masked(samples), OPTIONS, RequestLimits.none());
  }

  /** Requests that wait together are one call, by whatever method each draws. */
  @Test
  void requests_shareCallsWhateverTheirMethods() throws Exception {
    List<SamplingOptions> all = new ArrayList<>();
    for (SamplingMethod method : Methods.all(20)) {
      all.add(OPTIONS.withMethod(method).seed(all.size()));
      all.add(OPTIONS.withMethod(method).seed(all.size()).temperature(0.7).topP(0.9));
    }
    PendingSamples first = submitted(1);
    gate.awaitCall(); // the others come while it calls
    List<PendingSamples> together =
        all.stream()
            .map(each -> model.submit(model.masked(1), each, RequestLimits.none()))
            .toList();
    gate.open();
    List<List<Sample>> results = new ArrayList<>();
    for (PendingSamples each : together) {
      results.add(each.result().get(20, TimeUnit.SECONDS));
    }
    assertThat(first.result().get(20, TimeUnit.SECONDS)).hasSize(1);
    assertThat(gate.sizes.get(1)).isEqualTo(1 + all.size());
    assertThat(gate.threads)
        .containsOnly(gate.threads.get(0))
        .doesNotContain(Thread.currentThread());
    for (int i = 0; i < all.size(); i++) {
      assertThat(results.get(i))
          .isEqualTo(model.generate(model.masked(1), all.get(i), SamplingListener.none()));
    }
  }

  /** A call of many requests is bounded, and each has its turn; a weight is a share. */
  @Test
  void call_isBoundedAndShared() throws Exception {
    model.close();
    model = model(ServiceLimits.defaults().callSequences(6));
    PendingSamples large = submitted(64);
    gate.awaitCall();
    PendingSamples small = submitted(1);
    PendingSamples heavy =
        model.submit(model.masked(8), OPTIONS.seed(2), RequestLimits.none().weight(3));
    while (!heavy.result().isDone()) {
      gate.step();
    }
    Sample only = small.result().get(20, TimeUnit.SECONDS).get(0);
    assertThat(gate.sizes).allMatch(size -> size <= 6);
    // No call of its own waited longer than one call of the others.
    assertThat(gate.sizes.size()).isGreaterThanOrEqualTo(only.calls() + 1);
    assertThat(heavy.result().get(20, TimeUnit.SECONDS)).hasSize(8);
    assertThat(large.result().isDone()).isFalse();
    gate.open();
    assertThat(large.result().get(20, TimeUnit.SECONDS)).hasSize(64);
  }

  @Test
  void small_isServedInEveryRoundBesideALargeOne() throws Exception {
    model.close();
    model = model(ServiceLimits.defaults().callPositions(64 * LENGTH));
    PendingSamples large = submitted(64);
    gate.awaitCall();
    PendingSamples small = submitted(1);
    gate.open();
    int calls = small.result().get(20, TimeUnit.SECONDS).get(0).calls();
    assertThat(large.result().get(20, TimeUnit.SECONDS)).hasSize(64);
    assertThat(gate.sizes.get(0)).isEqualTo(64); // alone: all of its batch size
    // In each round a sixteenth, and the small one.
    assertThat(gate.sizes.subList(1, 1 + calls)).containsOnly(4 + 1);
    // Its client may ask again at once.
    assertThat(gate.sizes.subList(1 + calls, 5 + calls)).containsOnly(4);
    assertThat(gate.sizes.get(5 + calls)).isGreaterThan(4);
  }

  /** Who comes next waits for one of its calls. */
  @Test
  void alone_hasCallsOfTwiceTheBound() throws Exception {
    model.close();
    model = model(ServiceLimits.defaults().callPositions(16 * LENGTH));
    PendingSamples large = submitted(64);
    gate.open();
    assertThat(large.result().get(20, TimeUnit.SECONDS)).hasSize(64);
    assertThat(gate.sizes.get(0)).isEqualTo(32);
  }

  @Test
  void largeRequests_haveAQuarterEach() throws Exception {
    model.close();
    model = model(ServiceLimits.defaults().callPositions(64 * LENGTH));
    PendingSamples first = submitted(64);
    gate.awaitCall();
    PendingSamples second = submitted(64);
    gate.open();
    assertThat(first.result().get(20, TimeUnit.SECONDS)).hasSize(64);
    assertThat(second.result().get(20, TimeUnit.SECONDS)).hasSize(64);
    assertThat(gate.sizes.subList(1, 6)).containsOnly(16 + 16);
  }

  @Test
  void cancel_endsWhatWaitsAtOnceAndWhatRunsAtItsNextCall() throws Exception {
    PendingSamples running = submitted(3);
    gate.awaitCall();
    PendingSamples waiting = submitted(3);
    assertThat(waiting.cancel()).isTrue();
    assertThat(failure(waiting.result())).isInstanceOf(CancellationException.class);
    assertThat(waiting.cancel()).isFalse();
    assertThat(running.result().cancel(true)).isTrue();
    gate.open();
    assertThat(submitted(1).result().get(20, TimeUnit.SECONDS)).hasSize(1);
    assertThat(gate.sizes.get(0)).isEqualTo(3);
    assertThat(gate.sizes.subList(1, gate.sizes.size())).containsOnly(1);
  }

  private PendingSamples submittedWithin(long millis) {
    return model.submit(
        model.masked(1), OPTIONS, RequestLimits.none().within(Duration.ofMillis(millis)));
  }

  @Test
  void deadline_endsWhatWaits() throws Exception {
    PendingSamples first = submitted(2);
    gate.awaitCall();
    PendingSamples waiting = submittedWithin(50);
    Thread.sleep(60);
    gate.open();
    assertThat(failure(waiting.result()))
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
    assertThat(failure(running.result()))
        .isInstanceOf(DeadlineException.class)
        .hasMessage("the request was not done within its deadline of %d ms".formatted(millis));
    assertThat(submitted(1).result().get(20, TimeUnit.SECONDS)).hasSize(1);
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
                List<Sample> unused = model.generate(1, OPTIONS);
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
  void requests_areBounded() throws Exception {
    model.close();
    model = model(ServiceLimits.defaults().requests(2).positions(10 * LENGTH));
    assertThatThrownBy(() -> submitted(11))
        .isInstanceOf(OverloadedException.class)
        .hasMessage(
            "132 more positions exceed the limit of 120, of which 0 are taken; divide the request");
    PendingSamples first = submitted(6);
    gate.awaitCall();
    assertThatThrownBy(() -> submitted(5))
        .isInstanceOf(OverloadedException.class)
        .hasMessageContaining("72 are taken");
    PendingSamples second = submitted(1);
    assertThatThrownBy(() -> model.generate(1, OPTIONS))
        .isInstanceOf(OverloadedException.class)
        .hasMessage("as many requests run and wait as the limit allows, 2; try again later");
    gate.open();
    assertThat(first.result().get(20, TimeUnit.SECONDS)).hasSize(6);
    assertThat(second.result().get(20, TimeUnit.SECONDS)).hasSize(1);
    assertThat(model.generate(1, OPTIONS)).hasSize(1); // there is room again
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
    PendingSamples slow = submitted(64); // 768 positions
    Slow subscriber = new Slow();
    slow.events().subscribe(subscriber);
    assertThat(model.generate(2, OPTIONS.seed(5))).hasSize(2); // others go on
    Thread.sleep(100);
    assertThat(subscriber.events).isEmpty();
    subscriber.subscription.request(3);
    assertThat(subscriber.heard.tryAcquire(3, 20, TimeUnit.SECONDS)).isTrue();
    Thread.sleep(50);
    assertThat(subscriber.events).hasSize(3);
    subscriber.subscription.request(Long.MAX_VALUE);
    List<Sample> samples = slow.result().get(20, TimeUnit.SECONDS);
    assertThat(subscriber.end.get(20, TimeUnit.SECONDS)).isNull();
    assertThat(subscriber.events).hasSize(64 * LENGTH);
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
    PendingSamples slow = submitted(64);
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
    PendingSamples pending = submitted(64);
    Slow wrong = new Slow();
    pending.events().subscribe(wrong);
    wrong.subscription.request(0);
    assertThat(wrong.end.get(20, TimeUnit.SECONDS)).isInstanceOf(IllegalArgumentException.class);
    assertThat(pending.result().get(20, TimeUnit.SECONDS)).hasSize(64);
    PendingSamples left = submitted(64);
    Slow leaving = new Slow();
    left.events().subscribe(leaving);
    leaving.subscription.cancel();
    assertThat(left.result().get(20, TimeUnit.SECONDS)).hasSize(64);
  }

  @Test
  void close_refusesNewRequestsAndLetsOthersEndWithinItsGrace() throws Exception {
    PendingSamples running = submitted(2);
    gate.awaitCall();
    PendingSamples waiting = submitted(2);
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
      return submitted(1).cancel();
    } catch (IllegalStateException e) {
      assertThat(e).hasMessage("this model is closed");
      return false;
    }
  }

  @Test
  void close_withoutGraceEndsAllWithinOneCall() throws Exception {
    PendingSamples running = submitted(2);
    gate.awaitCall();
    PendingSamples waiting = submitted(2);
    CompletableFuture<Void> closed =
        CompletableFuture.runAsync(() -> model.closeWithin(Duration.ZERO));
    while (isOpen()) {
      Thread.sleep(1);
    }
    gate.permits.release();
    closed.get(20, TimeUnit.SECONDS);
    for (PendingSamples each : List.of(running, waiting)) {
      assertThat(failure(each.result()))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("this model is closed");
    }
    assertThat(gate.sizes.size()).isLessThanOrEqualTo(2);
  }

  @Test
  void close_inASubscriberEndsThatRequestAndHangsNobody() throws Exception {
    PendingSamples pending = submitted(64); // of which some change in the first call
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
    assertThat(failure(pending.result()))
        .hasMessage("this model was closed in a listener of this request");
    model.close();
    assertThatIllegalStateException().isThrownBy(() -> submitted(1));
  }

  @Test
  void listener_mayAskTheSameModel() {
    gate.open();
    List<String> inner = new ArrayList<>();
    SamplingListener asks =
        (done, planned) -> inner.add(model.generate(1, OPTIONS.seed(done)).get(0).text());
    assertThat(model.generate(model.masked(1), OPTIONS, asks)).hasSize(1);
    assertThat(inner).isNotEmpty().allMatch(text -> text.length() == LENGTH);
  }

  @Test
  void listener_thatThrowsEndsItsRequest() {
    gate.open();
    SamplingListener throwing =
        (done, planned) -> {
          throw new IllegalArgumentException("mine");
        };
    assertThatIllegalArgumentException()
        .isThrownBy(() -> model.generate(model.masked(1), OPTIONS, throwing))
        .withMessage("mine");
    assertThat(model.generate(1, OPTIONS)).hasSize(1);
  }

  /** What goes wrong in a call is told to the requests of that call alone. */
  @Test
  void failure_isOfItsCallAlone() throws Exception {
    PendingSamples first = submitted(1);
    gate.awaitCall();
    PendingSamples bad =
        model.submit(model.masked(0, 1, Gate.FAILING_LENGTH), OPTIONS, RequestLimits.none());
    gate.open();
    assertThat(failure(bad.result())).hasMessage("the network's own");
    assertThat(first.result().get(20, TimeUnit.SECONDS)).hasSize(1);
    assertThat(model.generate(1, OPTIONS)).hasSize(1);
  }

  @Test
  void score_isInTurnAndCanBeCancelled() throws Exception {
    Pending<?> score =
        model.submitScore(
            "abcabc", ScoringOptions.defaults().seed(3).groups(4), RequestLimits.none());
    gate.awaitCall();
    assertThat(score.cancel()).isTrue();
    assertThat(failure(score.result())).isInstanceOf(CancellationException.class);
    gate.open();
    assertThat(
            model
                .submitScore("abcabc", ScoringOptions.defaults().seed(3), RequestLimits.none())
                .result()
                .get(20, TimeUnit.SECONDS))
        .isEqualTo(
            model.score(
                model.tokenizer().encode("abcabc"), ScoringOptions.defaults().seed(3).groups(8)));
    // Copies in which nothing is masked are not shown.
    assertThat(gate.sizes).hasSize(1 + 16).allMatch(size -> size > 32 && size <= 64);
    for (String wrong : List.of("", "abcabcabcabca", "xyz")) {
      assertThatIllegalArgumentException()
          .isThrownBy(
              () -> model.submitScore(wrong, ScoringOptions.defaults(), RequestLimits.none()));
      assertThatIllegalArgumentException().isThrownBy(() -> model.score(wrong));
    }
  }

  @Test
  void dependents_runOnAThreadThatHoldsUpNobody() throws Exception {
    gate.open();
    CountDownLatch isHeld = new CountDownLatch(1);
    CompletableFuture<Void> held =
        submitted(1)
            .result()
            .thenAccept(
                samples -> {
                  try {
                    assertThat(isHeld.await(20, TimeUnit.SECONDS)).isTrue();
                  } catch (InterruptedException e) {
                    throw new CompletionException(e);
                  }
                });
    assertThat(submitted(1).result().get(20, TimeUnit.SECONDS)).hasSize(1);
    isHeld.countDown();
    held.get(20, TimeUnit.SECONDS);
  }

  /** Requests of all threads and kinds at once; none is lost and none stuck. */
  @Test
  void requests_ofManyThreadsAllEnd() throws Exception {
    gate.open();
    List<CompletableFuture<Integer>> all =
        IntStream.range(0, 300)
            .mapToObj(
                i ->
                    CompletableFuture.supplyAsync(
                        () -> {
                          PendingSamples pending =
                              model.submit(
                                  model.masked(0, 1 + i % 3, 6 + i % 4),
                                  OPTIONS.seed(i),
                                  RequestLimits.none().weight(1 + i % 5));
                          if (i % 7 == 0) {
                            boolean unused = pending.cancel();
                            return 0;
                          }
                          return pending.result().join().size();
                        }))
            .toList();
    for (int i = 0; i < 300; i++) {
      assertThat(all.get(i).get(30, TimeUnit.SECONDS)).isEqualTo(i % 7 == 0 ? 0 : 1 + i % 3);
    }
  }
}
