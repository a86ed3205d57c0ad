// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.md4.sample.method.Methods;
import io.github.md4.sample.method.SamplingMethod;
import io.github.md4.sample.service.OverloadedException;
import io.github.md4.sample.service.Pending;
import io.github.md4.sample.service.PendingSamples;
import io.github.md4.sample.service.RequestLimits;
import io.github.md4.sample.service.ServiceLimits;
import io.github.md4.sample.trajectory.Sample;
import io.github.md4.sample.trajectory.SamplingListener;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Requests that share the calls of a network. */
@Tag("exact")
@Timeout(120)
final class ServiceTest {
  private final GatedNetwork gate = new GatedNetwork();
  private MaskedDiffusion model = gate.model(ServiceLimits.defaults());

  @AfterEach
  void close() {
    gate.end(model);
  }

  /** Requests that wait together are one call, by whatever method each draws. */
  @Test
  void requests_shareCallsWhateverTheirMethods() throws Exception {
    List<SamplingOptions> all = new ArrayList<>();
    for (SamplingMethod method : Methods.all(20)) {
      all.add(GatedNetwork.OPTIONS.withMethod(method).seed(all.size()));
      all.add(GatedNetwork.OPTIONS.withMethod(method).seed(all.size()).temperature(0.7).topP(0.9));
    }
    PendingSamples first = GatedNetwork.submitted(model, 1);
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
    model = gate.model(ServiceLimits.defaults().callSequences(6));
    PendingSamples large = GatedNetwork.submitted(model, 64);
    gate.awaitCall();
    PendingSamples small = GatedNetwork.submitted(model, 1);
    PendingSamples heavy =
        model.submit(model.masked(8), GatedNetwork.OPTIONS.seed(2), RequestLimits.none().weight(3));
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
    model = gate.model(ServiceLimits.defaults().callPositions(64 * GatedNetwork.LENGTH));
    PendingSamples large = GatedNetwork.submitted(model, 64);
    gate.awaitCall();
    PendingSamples small = GatedNetwork.submitted(model, 1);
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
    model = gate.model(ServiceLimits.defaults().callPositions(16 * GatedNetwork.LENGTH));
    PendingSamples large = GatedNetwork.submitted(model, 64);
    gate.open();
    assertThat(large.result().get(20, TimeUnit.SECONDS)).hasSize(64);
    assertThat(gate.sizes.get(0)).isEqualTo(32);
  }

  @Test
  void largeRequests_haveAQuarterEach() throws Exception {
    model.close();
    model = gate.model(ServiceLimits.defaults().callPositions(64 * GatedNetwork.LENGTH));
    PendingSamples first = GatedNetwork.submitted(model, 64);
    gate.awaitCall();
    PendingSamples second = GatedNetwork.submitted(model, 64);
    gate.open();
    assertThat(first.result().get(20, TimeUnit.SECONDS)).hasSize(64);
    assertThat(second.result().get(20, TimeUnit.SECONDS)).hasSize(64);
    assertThat(gate.sizes.subList(1, 6)).containsOnly(16 + 16);
  }

  @Test
  void requests_areBounded() throws Exception {
    model.close();
    model = gate.model(ServiceLimits.defaults().requests(2).positions(10 * GatedNetwork.LENGTH));
    assertThatThrownBy(() -> GatedNetwork.submitted(model, 11))
        .isInstanceOf(OverloadedException.class)
        .hasMessage(
            "132 more positions exceed the limit of 120, of which 0 are taken; divide the request");
    PendingSamples first = GatedNetwork.submitted(model, 6);
    gate.awaitCall();
    assertThatThrownBy(() -> GatedNetwork.submitted(model, 5))
        .isInstanceOf(OverloadedException.class)
        .hasMessageContaining("72 are taken");
    PendingSamples second = GatedNetwork.submitted(model, 1);
    assertThatThrownBy(() -> model.generate(1, GatedNetwork.OPTIONS))
        .isInstanceOf(OverloadedException.class)
        .hasMessage("as many requests run and wait as the limit allows, 2; try again later");
    gate.open();
    assertThat(first.result().get(20, TimeUnit.SECONDS)).hasSize(6);
    assertThat(second.result().get(20, TimeUnit.SECONDS)).hasSize(1);
    assertThat(model.generate(1, GatedNetwork.OPTIONS)).hasSize(1); // there is room again
  }

  /** What goes wrong in a call is told to the requests of that call alone. */
  @Test
  void failure_isOfItsCallAlone() throws Exception {
    PendingSamples first = GatedNetwork.submitted(model, 1);
    gate.awaitCall();
    PendingSamples bad =
        model.submit(
            model.masked(0, 1, GatedNetwork.FAILING_LENGTH),
            GatedNetwork.OPTIONS,
            RequestLimits.none());
    gate.open();
    assertThat(GatedNetwork.failure(bad.result())).hasMessage("the network's own");
    assertThat(first.result().get(20, TimeUnit.SECONDS)).hasSize(1);
    assertThat(model.generate(1, GatedNetwork.OPTIONS)).hasSize(1);
  }

  @Test
  void score_isInTurnAndCanBeCancelled() throws Exception {
    Pending<?> score =
        model.submitScore(
            "abcabc", ScoringOptions.defaults().seed(3).groups(4), RequestLimits.none());
    gate.awaitCall();
    assertThat(score.cancel()).isTrue();
    assertThat(GatedNetwork.failure(score.result())).isInstanceOf(CancellationException.class);
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
                                  GatedNetwork.OPTIONS.seed(i),
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
