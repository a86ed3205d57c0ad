// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.method;

import io.github.md4.core.Choices;
import io.github.md4.core.schedule.SamplingGrid;
import io.github.md4.sample.internal.text.Call;
import java.util.List;
import java.util.stream.Stream;

/** The text forms of the methods of this library, and the search for those of others. */
final class MethodText {
  static final String ANCESTRAL = "ancestral";
  static final String MEAN = "mean";
  static final String FIRST_HITTING = "first-hitting";
  static final String REFERENCE_ANCESTRAL = "reference-ancestral";
  static final String REFERENCE_MEAN = "reference-mean";
  static final String AUTOREGRESSIVE = "autoregressive";
  static final String RANDOM_ORDER = "random-order";
  static final String EULER = "euler";
  static final String ANALYTIC = "analytic";
  static final String TAU_LEAPING = "tau-leaping";
  private static final List<String> NAMES =
      List.of(
          ANCESTRAL,
          MEAN,
          FIRST_HITTING,
          REFERENCE_ANCESTRAL,
          REFERENCE_MEAN,
          "confidence",
          "margin",
          "entropy",
          "remask-cap",
          "remask-rescale",
          "remask-confidence",
          RANDOM_ORDER,
          AUTOREGRESSIVE,
          EULER,
          ANALYTIC,
          TAU_LEAPING,
          "llada",
          "dllm",
          "dream-origin",
          "dream-maskgit-plus",
          "dream-topk-margin",
          "dream-entropy",
          "radd",
          "mdlm",
          "sedd-euler",
          "sedd-analytic",
          "bd3lm");

  /** The numbers of a published method that is written by its name alone. */
  private static final String STEPS = "128";

  private static final String[] BLOCKS = {STEPS, "32", "low-confidence", "0"};
  private static final String[] DREAM = {STEPS, "0"};
  private static final String[] BD3LM = {"4", "0"};

  private MethodText() {}

  static SamplingMethod parse(String text) {
    Call call = Call.parse(text);
    return switch (call.name()) {
      case ANCESTRAL -> new ExactMethod.Ancestral(steps(call), leftovers(call));
      case MEAN -> new ExactMethod.Mean(steps(call), leftovers(call));
      case FIRST_HITTING -> firstHitting(call);
      case REFERENCE_ANCESTRAL ->
          new ApproximateMethod.ReferenceAncestral(steps(call), leftovers(call));
      case REFERENCE_MEAN -> new ApproximateMethod.ReferenceMean(steps(call), leftovers(call));
      case "confidence" -> ordered(ApproximateMethod.Order.CONFIDENCE, call);
      case "margin" -> ordered(ApproximateMethod.Order.MARGIN, call);
      case "entropy" -> ordered(ApproximateMethod.Order.ENTROPY, call);
      case "remask-cap" -> remasked(new Remasking.Cap(eta(call)), call);
      case "remask-rescale" -> remasked(new Remasking.Rescale(eta(call)), call);
      case "remask-confidence" -> remasked(new Remasking.Confidence(eta(call)), call);
      case RANDOM_ORDER -> randomOrder(call);
      case AUTOREGRESSIVE -> leftToRight(call);
      case EULER -> new ApproximateMethod.Euler(steps(call), leftovers(call));
      case ANALYTIC -> new ApproximateMethod.Analytic(steps(call), leftovers(call));
      case TAU_LEAPING -> tauLeaping(call);
      case "llada" -> blocks(BlockCounts.LLADA, call.orElse(BLOCKS));
      case "dllm" -> blocks(BlockCounts.DLLM, call.orElse(BLOCKS));
      case "dream-origin" -> dream(PublishedMethod.Algorithm.ORIGIN, call.orElse(DREAM));
      case "dream-maskgit-plus" ->
          dream(PublishedMethod.Algorithm.MASKGIT_PLUS, call.orElse(DREAM));
      case "dream-topk-margin" -> dream(PublishedMethod.Algorithm.TOPK_MARGIN, call.orElse(DREAM));
      case "dream-entropy" -> dream(PublishedMethod.Algorithm.ENTROPY, call.orElse(DREAM));
      case "radd" -> dream(PublishedMethod.Algorithm.RADD, call.orElse(DREAM));
      case "mdlm" -> timed(PublishedMethod.Rule.MDLM, call.orElse(STEPS));
      case "sedd-euler" -> timed(PublishedMethod.Rule.SEDD_EULER, call.orElse(STEPS));
      case "sedd-analytic" -> timed(PublishedMethod.Rule.SEDD_ANALYTIC, call.orElse(STEPS));
      case "bd3lm" -> blockwise(call.orElse(BD3LM));
      default -> offered(call);
    };
  }

  /** Returns the text of a method on a grid. */
  static String text(String name, SamplingSteps steps, Object... more) {
    Object[] arguments =
        Stream.concat(Stream.of(steps.steps(), steps.grid()), Stream.of(more)).toArray();
    return Call.text(name, arguments);
  }

  private static SamplingSteps steps(Call call) {
    if (call.arguments().size() < 4) {
      call.checkArguments("STEPS", "GRID", "LEFTOVERS");
    }
    return new SamplingSteps(SamplingGrid.parse(call.argument(1)), call.whole(0));
  }

  private static Leftovers leftovers(Call call) {
    call.checkArguments("STEPS", "GRID", "LEFTOVERS");
    return Leftovers.parse(call.argument(2));
  }

  private static SamplingMethod firstHitting(Call call) {
    call.checkArguments("LEFTOVERS");
    return new ExactMethod.FirstHitting(Leftovers.parse(call.argument(0)));
  }

  private static SamplingMethod ordered(ApproximateMethod.Order order, Call call) {
    call.checkArguments("TOKENS", "TEMPERATURE");
    return new ApproximateMethod.Ordered(order, call.whole(0), call.number(1));
  }

  private static SamplingMethod randomOrder(Call call) {
    call.checkArguments("TOKENS");
    return new ApproximateMethod.RandomOrder(call.whole(0));
  }

  private static SamplingMethod leftToRight(Call call) {
    call.checkArguments();
    return new ExactMethod.LeftToRight();
  }

  private static SamplingMethod tauLeaping(Call call) {
    call.checkArguments("STEPS", "GRID", "LEFTOVERS", "CORRECTORS");
    Leftovers leftovers = Leftovers.parse(call.argument(2));
    return new ApproximateMethod.TauLeaping(steps(call), call.whole(3), leftovers);
  }

  private static SamplingMethod blocks(BlockCounts counts, Call call) {
    call.checkArguments("STEPS", "BLOCK", "REMASKING", "GUIDANCE");
    return new PublishedMethod.Blocks(
        counts,
        call.whole(0),
        call.whole(1),
        PublishedMethod.Remasking.parse(call.argument(2)),
        call.number(3));
  }

  private static SamplingMethod dream(PublishedMethod.Algorithm algorithm, Call call) {
    call.checkArguments("STEPS", "TEMPERATURE");
    return new PublishedMethod.Dream(algorithm, call.whole(0), call.number(1));
  }

  private static SamplingMethod timed(PublishedMethod.Rule rule, Call call) {
    call.checkArguments("STEPS");
    return new PublishedMethod.Timed(rule, call.whole(0));
  }

  private static SamplingMethod blockwise(Call call) {
    call.checkArguments("BLOCK", "STEPS");
    return new PublishedMethod.Blockwise(call.whole(0), call.whole(1));
  }

  private static double eta(Call call) {
    call.checkArguments("STEPS", "GRID", "LEFTOVERS", "ETA");
    return call.number(3);
  }

  private static SamplingMethod remasked(Remasking remasking, Call call) {
    Leftovers leftovers = Leftovers.parse(call.argument(2));
    return new ApproximateMethod.Remasked(steps(call), remasking, leftovers);
  }

  private static SamplingMethod offered(Call call) {
    List<SamplingMethodKind> kinds = SamplingMethodKind.all();
    return kinds.stream()
        .filter(kind -> kind.name().equals(call.name()))
        .findFirst()
        .orElseThrow(() -> Choices.refusal("sampler", names(kinds), call.name()))
        .of(call.arguments());
  }

  private static List<String> names(List<SamplingMethodKind> kinds) {
    return Stream.concat(NAMES.stream(), kinds.stream().map(SamplingMethodKind::name)).toList();
  }
}
