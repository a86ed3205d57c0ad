// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.optimizer;

import io.github.md4.core.Choices;
import io.github.md4.train.optimizer.LearningRateConfig.Decay;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The text form of a decay: a name, and numbers in parentheses where it takes some. */
final class DecayText {
  private static final Pattern CALL = Pattern.compile("(\\w+)(?:\\((.*)\\))?");
  private static final Pattern COMMA = Pattern.compile(",");

  private DecayText() {}

  /**
   * Returns the decay of a text.
   *
   * @param ours the decays of this library
   * @throws IllegalArgumentException if it is neither one of them nor of a kind on the class path
   */
  static Decay parse(List<Decay> ours, String text) {
    return ours.stream()
        .filter(each -> each.toString().equals(text))
        .findFirst()
        .orElseGet(() -> offered(ours, text));
  }

  private static Decay offered(List<Decay> ours, String text) {
    Matcher call = CALL.matcher(text.strip());
    if (!call.matches()) {
      throw unknown(ours, text);
    }
    return DecayKind.all().stream()
        .filter(kind -> kind.name().equals(call.group(1)))
        .findFirst()
        .orElseThrow(() -> unknown(ours, text))
        .of(numbers(ours, call.group(2), text));
  }

  private static double[] numbers(List<Decay> ours, String list, String text) {
    try {
      return list == null
          ? new double[0]
          : COMMA.splitAsStream(list).mapToDouble(Double::parseDouble).toArray();
    } catch (NumberFormatException e) {
      throw unknown(ours, text);
    }
  }

  private static IllegalArgumentException unknown(List<Decay> ours, String text) {
    List<String> names =
        Stream.concat(
                ours.stream().map(Decay::toString), DecayKind.all().stream().map(DecayKind::name))
            .toList();
    return Choices.refusal("decay", names, text);
  }
}
