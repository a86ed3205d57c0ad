// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.method;

import io.github.md4.core.Choices;
import io.github.md4.core.schedule.SamplingGrid;
import io.github.md4.sample.internal.text.Call;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleFunction;
import java.util.function.Function;
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
  static final String BLOCKWISE = "bd3lm";

  /** The numbers of a published method that is written by its name alone. */
  private static final String STEPS = "128";

  private static final String[] BLOCKS = {STEPS, "32", "low-confidence", "0"};
  private static final String[] DREAM = {STEPS, "0"};
  private static final String[] BD3LM = {"4", "0"};

  /** The published methods by their names, each made from its arguments or from none. */
  private static final Map<String, Function<Call, PublishedMethod>> PUBLISHED = published();

  /** All methods of this library by their names, in the order in which messages have them. */
  private static final Map<String, Function<Call, ? extends SamplingMethod>> METHODS = methods();

  private MethodText() {}

  private static Map<String, Function<Call, PublishedMethod>> published() {
    Map<String, Function<Call, PublishedMethod>> published = new LinkedHashMap<>();
    for (BlockCounts counts : BlockCounts.values()) {
      published.put(counts.toString(), call -> blocks(counts, call.orElse(BLOCKS)));
    }
    for (PublishedMethod.Algorithm algorithm : PublishedMethod.Algorithm.values()) {
      published.put(algorithm.toString(), call -> dream(algorithm, call.orElse(DREAM)));
    }
    for (PublishedMethod.Rule rule : PublishedMethod.Rule.values()) {
      published.put(rule.toString(), call -> timed(rule, call.orElse(STEPS)));
    }
    published.put(BLOCKWISE, call -> blockwise(call.orElse(BD3LM)));
    return Collections.unmodifiableMap(published);
  }

  private static Map<String, Function<Call, ? extends SamplingMethod>> methods() {
    Map<String, Function<Call, ? extends SamplingMethod>> methods = new LinkedHashMap<>();
    methods.put(ANCESTRAL, call -> new ExactMethod.Ancestral(steps(call), leftovers(call)));
    methods.put(MEAN, call -> new ExactMethod.Mean(steps(call), leftovers(call)));
    methods.put(FIRST_HITTING, MethodText::firstHitting);
    methods.put(
        REFERENCE_ANCESTRAL,
        call -> new ApproximateMethod.ReferenceAncestral(steps(call), leftovers(call)));
    methods.put(
        REFERENCE_MEAN, call -> new ApproximateMethod.ReferenceMean(steps(call), leftovers(call)));
    for (ApproximateMethod.Order order : ApproximateMethod.Order.values()) {
      methods.put(order.toString(), call -> ordered(order, call));
    }
    for (DoubleFunction<Remasking> remasking :
        List.<DoubleFunction<Remasking>>of(
            Remasking.Cap::new, Remasking.Rescale::new, Remasking.Confidence::new)) {
      methods.put(remasking.apply(0).name(), call -> remasked(remasking.apply(eta(call)), call));
    }
    methods.put(RANDOM_ORDER, MethodText::randomOrder);
    methods.put(AUTOREGRESSIVE, MethodText::leftToRight);
    methods.put(EULER, call -> new ApproximateMethod.Euler(steps(call), leftovers(call)));
    methods.put(ANALYTIC, call -> new ApproximateMethod.Analytic(steps(call), leftovers(call)));
    methods.put(TAU_LEAPING, MethodText::tauLeaping);
    methods.putAll(PUBLISHED);
    return Collections.unmodifiableMap(methods);
  }

  static SamplingMethod parse(String text) {
    Call call = Call.parse(text);
    Function<Call, ? extends SamplingMethod> method = METHODS.get(call.name());
    return method == null ? offered(call) : method.apply(call);
  }

  /** Returns each published method as its name alone is read. */
  static List<PublishedMethod> standards() {
    return PUBLISHED.entrySet().stream()
        .map(method -> method.getValue().apply(new Call(method.getKey(), List.of())))
        .toList();
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

  private static PublishedMethod blocks(BlockCounts counts, Call call) {
    call.checkArguments("STEPS", "BLOCK", "REMASKING", "GUIDANCE");
    return new PublishedMethod.Blocks(
        counts,
        call.whole(0),
        call.whole(1),
        PublishedMethod.Remasking.parse(call.argument(2)),
        call.number(3));
  }

  private static PublishedMethod dream(PublishedMethod.Algorithm algorithm, Call call) {
    call.checkArguments("STEPS", "TEMPERATURE");
    return new PublishedMethod.Dream(algorithm, call.whole(0), call.number(1));
  }

  private static PublishedMethod timed(PublishedMethod.Rule rule, Call call) {
    call.checkArguments("STEPS");
    return new PublishedMethod.Timed(rule, call.whole(0));
  }

  private static PublishedMethod blockwise(Call call) {
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
    return Stream.concat(METHODS.keySet().stream(), kinds.stream().map(SamplingMethodKind::name))
        .toList();
  }
}
