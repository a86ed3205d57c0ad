// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.Precision;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.diffusion.MixedLengths;
import io.github.md4.core.internal.torch.EngineThreads;
import io.github.md4.core.likelihood.LikelihoodEstimate;
import io.github.md4.core.network.Network;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.network.SameInBatch;
import io.github.md4.core.network.TimeFeatures;
import io.github.md4.core.network.transformer.Transformer;
import io.github.md4.core.network.transformer.TransformerConfig;
import io.github.md4.core.schedule.Curve;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.token.Tokenizer;
import io.github.md4.sample.internal.service.RequestScheduler;
import io.github.md4.sample.method.ContextDenoiser;
import io.github.md4.sample.method.Methods;
import io.github.md4.sample.method.SamplingMethod;
import io.github.md4.sample.service.Pending;
import io.github.md4.sample.service.PendingSamples;
import io.github.md4.sample.service.RequestLimits;
import io.github.md4.sample.service.ServiceLimits;
import io.github.md4.sample.trajectory.InitialSequence;
import io.github.md4.sample.trajectory.Sample;
import io.github.md4.sample.trajectory.TokenEvent;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Flow;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Requests of several lengths, methods, seeds, templates and classes, and scores, in one call of a
 * transformer: each bit for bit as alone.
 */
@Tag("exact")
@Timeout(60)
final class SharedLengthsTest {
  private static final String SYMBOLS = "abcdefg";
  private static final List<String> TEMPLATES =
      List.of("[MASK*5]", "ab[MASK*7]g", "[MASK]", "[MASK*3]c[MASK*8]", "[MASK*5]", "a[MASK*2]");
  private static final List<String> TEXTS = List.of("abcabc", "g", "abcdefgabcdefgab");
  private static final int LENGTH = 16;

  private final NDManager manager = NDManager.newBaseManager();
  private final List<AutoCloseable> closing = new ArrayList<>();
  private int threads;

  /** A network that makes a call for each permit, and keeps the lengths of its calls. */
  private static final class Gate implements Denoiser, SameInBatch {
    private final Denoiser network;
    private final Semaphore permits = new Semaphore(0);
    private final Semaphore entered = new Semaphore(0);
    private final List<Map<Integer, Integer>> calls = new CopyOnWriteArrayList<>();

    Gate(Denoiser network) {
      this.network = network;
    }

    private void enter(List<NDArray> zts) {
      Map<Integer, Integer> lengths = new HashMap<>();
      for (NDArray zt : zts) {
        lengths.merge((int) zt.getShape().get(1), (int) zt.getShape().get(0), Integer::sum);
      }
      calls.add(lengths);
      entered.release();
      permits.acquireUninterruptibly();
    }

    @Override
    public NDArray logits(NDArray zt, Condition condition, NDArray rows) {
      enter(List.of(zt));
      return network.logits(zt, condition, rows);
    }

    @Override
    public OptionalInt widthIfSame() {
      return SameInBatch.widthOf(network);
    }

    @Override
    public Optional<MixedLengths> mixedLengths() {
      MixedLengths mixed = network.mixedLengths().orElseThrow();
      return Optional.of(
          (zts, condition, rows) -> {
            enter(zts);
            return mixed.logits(zts, condition, rows);
          });
    }
  }

  /** A subscriber that keeps everything. */
  private static final class Kept implements Flow.Subscriber<TokenEvent> {
    private final List<TokenEvent> events = new ArrayList<>();
    private final CompletableFuture<List<TokenEvent>> all = new CompletableFuture<>();

    @Override
    public void onSubscribe(Flow.Subscription given) {
      given.request(Long.MAX_VALUE);
    }

    @Override
    public void onNext(TokenEvent event) {
      events.add(event);
    }

    @Override
    public void onError(Throwable cause) {
      boolean unused = all.completeExceptionally(cause);
    }

    @Override
    public void onComplete() {
      boolean unused = all.complete(events);
    }
  }

  private Gate network(int classes) {
    TransformerConfig config =
        TransformerConfig.defaults()
            .withHeads(4, 8)
            .withLayers(2)
            .withCondition(TimeFeatures.T, classes);
    Network network = new Transformer(manager, config, SYMBOLS.length(), Precision.FLOAT32);
    Parameters parameters = Parameters.of(manager, network.specs(), TinyTransformer::values);
    closing.add(network);
    closing.add(parameters);
    return new Gate(network.frozen(manager, parameters));
  }

  private static MaskedDiffusion model(Gate gate) {
    return MaskedDiffusion.of(
        gate,
        new MaskingSchedule(new Curve.Linear()),
        new Tokenizer.Characters(SYMBOLS),
        LENGTH,
        ServiceLimits.defaults());
  }

  /** With several threads of the engine too, as by default. */
  @BeforeEach
  void share() {
    threads = EngineThreads.count();
    EngineThreads.set(2);
  }

  @AfterEach
  void close() throws Exception {
    EngineThreads.set(threads);
    for (AutoCloseable each : closing) {
      each.close();
    }
    manager.close();
  }

  private static List<SamplingOptions> options() {
    List<SamplingOptions> all = new ArrayList<>();
    for (SamplingMethod method : Methods.all(6)) {
      all.add(SamplingOptions.defaults().withMethod(method).seed(all.size()));
      all.add(SamplingOptions.defaults().withMethod(method).seed(7).temperature(0.8).topP(0.9));
    }
    return all;
  }

  private static InitialSequence sequence(MaskedDiffusion model, int i, int classes) {
    InitialSequence plain = model.template(TEMPLATES.get(i % TEMPLATES.size()), i);
    return classes == 0 ? plain : plain.withLabel(i % classes);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 3})
  void requests_ofAllLengthsShareACall(int classes) throws Exception {
    Gate gate = network(classes);
    try (MaskedDiffusion model = model(gate)) {
      InitialSequence one = sequence(model, 0, classes);
      PendingSamples first =
          model.submit(List.of(one), SamplingOptions.defaults(), RequestLimits.none());
      assertThat(gate.entered.tryAcquire(20, TimeUnit.SECONDS)).isTrue();
      List<SamplingOptions> options = options();
      List<Kept> together = new ArrayList<>();
      Map<Integer, Integer> lengths = new HashMap<>(Map.of(one.zt().length, 1)); // goes on
      for (int i = 0; i < options.size(); i++) { // while the first call goes on
        InitialSequence each = sequence(model, i, classes);
        lengths.merge(each.zt().length, 1, Integer::sum);
        Kept kept = new Kept();
        model.submit(List.of(each), options.get(i), RequestLimits.none()).events().subscribe(kept);
        together.add(kept);
      }
      gate.permits.release(1_000_000);
      assertThat(first.result().get(20, TimeUnit.SECONDS)).hasSize(1);
      for (int i = 0; i < options.size(); i++) {
        List<TokenEvent> events = together.get(i).all.get(20, TimeUnit.SECONDS);
        Hearing alone = new Hearing();
        List<Sample> unused =
            model.generate(List.of(sequence(model, i, classes)), options.get(i), alone);
        // Equal probabilities, in double precision, are equal logits.
        assertThat(events).as("request %d", i).isNotEmpty().isEqualTo(alone.events);
      }
      assertThat(gate.calls.get(1)).isEqualTo(lengths);
    }
  }

  /** The masked copies of texts are sequences as others are. */
  @Test
  void scores_shareCallsWithEachOtherAndWithSamples() throws Exception {
    Gate gate = network(0);
    try (MaskedDiffusion model = model(gate)) {
      PendingSamples first =
          model.submit(model.masked(1), SamplingOptions.defaults().seed(1), RequestLimits.none());
      assertThat(gate.entered.tryAcquire(20, TimeUnit.SECONDS)).isTrue();
      List<Pending<LikelihoodEstimate>> scores = new ArrayList<>();
      for (String text : TEXTS) {
        scores.add(
            model.submitScore(
                text, ScoringOptions.defaults().seed(5).groups(3), RequestLimits.none()));
      }
      while (threadsThatWait() < TEXTS.size()) {
        Thread.sleep(1);
      }
      gate.permits.release(1_000_000);
      List<LikelihoodEstimate> together = new ArrayList<>();
      for (Pending<LikelihoodEstimate> each : scores) {
        together.add(each.result().get(20, TimeUnit.SECONDS));
      }
      assertThat(first.result().get(20, TimeUnit.SECONDS)).hasSize(1);
      assertThat(gate.calls.get(1).keySet()).isEqualTo(Set.of(LENGTH, 6, 1));
      for (int i = 0; i < TEXTS.size(); i++) {
        LikelihoodEstimate alone =
            model.score(
                model.tokenizer().encode(TEXTS.get(i)),
                ScoringOptions.defaults().seed(5).groups(3));
        assertThat(together.get(i)).isEqualTo(alone);
      }
    }
  }

  /** Returns how many threads of scores wait for their call. */
  private static long threadsThatWait() {
    return Thread.getAllStackTraces().values().stream()
        .filter(frames -> Stream.of(frames).anyMatch(SharedLengthsTest::isWaiting))
        .count();
  }

  private static boolean isWaiting(StackTraceElement frame) {
    return frame.getClassName().equals(RequestScheduler.class.getName())
        && frame.getMethodName().equals("awaited");
  }

  /** A network that takes one length has a call for each, in the same round. */
  @Test
  void requests_ofAnotherNetworkShareACallOfTheirLength() throws Exception {
    List<Integer> sizes = new CopyOnWriteArrayList<>();
    Semaphore permits = new Semaphore(0);
    Denoiser plain = new ContextDenoiser(SYMBOLS.length());
    Denoiser network =
        (zt, condition, rows) -> {
          sizes.add((int) zt.size());
          permits.acquireUninterruptibly();
          return plain.logits(zt, condition, rows);
        };
    try (MaskedDiffusion model =
        MaskedDiffusion.of(
            network,
            new MaskingSchedule(new Curve.Linear()),
            new Tokenizer.Characters(SYMBOLS),
            LENGTH)) {
      List<PendingSamples> all = new ArrayList<>();
      for (int length : new int[] {4, 5, 5, 7, 4}) {
        all.add(
            model.submit(
                model.masked(0, 1, length), SamplingOptions.defaults(), RequestLimits.none()));
        while (sizes.isEmpty()) {
          Thread.sleep(1);
        }
      }
      permits.release(1_000_000);
      for (PendingSamples each : all) {
        assertThat(each.result().get(20, TimeUnit.SECONDS)).hasSize(1);
      }
      assertThat(sizes.subList(0, 4)).contains(4).containsAnyOf(10).contains(7);
    }
  }
}
