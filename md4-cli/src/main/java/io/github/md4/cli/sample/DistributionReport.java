// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.sample;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.md4.cli.report.Json;
import io.github.md4.cli.screen.Columns;
import io.github.md4.cli.screen.Visible;
import io.github.md4.core.token.Tokenizer;
import io.github.md4.sample.MaskedDiffusion;
import io.github.md4.sample.TokenDistribution;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.StringJoiner;
import java.util.stream.IntStream;

/**
 * A report of the likeliest tokens at every position.
 *
 * @param top the number of tokens at each position
 */
record DistributionReport(MaskedDiffusion model, int top) {
  private static final String GAP = "  ";
  private static final char BLANK = ' ';
  private static final char OPEN_BOX = '\u2423'; // the sign of a blank

  /**
   * Returns a line for each position: the text's token, whether it is masked, the likeliest.
   *
   * @param columns of the terminal, in which a line is broken between likely tokens
   */
  String text(int[] x, TokenDistribution distribution, int columns) {
    StringJoiner lines = new StringJoiner(System.lineSeparator());
    lines.add("--- " + Visible.of(model.text(distribution.zt())));
    int width = IntStream.range(0, x.length).map(n -> Columns.of(visible(x[n], n))).max().orElse(0);
    for (int n = 0; n < x.length; n++) {
      String token = visible(x[n], n);
      String padding = " ".repeat(width - Columns.of(token));
      String mask = isMasked(distribution, n) ? Tokenizer.MASK_TEXT : " ";
      String start = String.format(Locale.ROOT, "%5d  %s%s  %s ", n, token, padding, mask);
      lines.add(broken(start, likeliest(distribution, n), columns));
    }
    return lines.toString();
  }

  private List<String> likeliest(TokenDistribution distribution, int n) {
    return Arrays.stream(distribution.likeliest(n, top))
        .mapToObj(
            v ->
                visible(v, n) + String.format(Locale.ROOT, " %.4f", distribution.probability(n, v)))
        .toList();
  }

  /**
   * Returns a line of words, broken between these where the terminal ends, below the first.
   *
   * @param start what stands before the first word
   */
  static String broken(String start, List<String> words, int columns) {
    int indent = Columns.of(start);
    StringBuilder line = new StringBuilder(start);
    int taken = indent;
    for (String word : words) {
      int width = GAP.length() + Columns.of(word);
      if (taken > indent && taken + width > columns) {
        line.append(System.lineSeparator()).append(" ".repeat(indent));
        taken = indent;
      }
      line.append(GAP).append(word);
      taken += width;
    }
    return line.toString();
  }

  /** Returns the same for a script. */
  ObjectNode json(int index, int[] x, TokenDistribution distribution) {
    ObjectNode json = Json.report().put("index", index).put("start", model.text(distribution.zt()));
    ArrayNode positions = json.putArray("positions");
    for (int n = 0; n < x.length; n++) {
      ObjectNode position =
          positions.addObject().put("token", x[n]).put("masked", isMasked(distribution, n));
      ArrayNode likeliest = position.putArray("likeliest");
      for (int v : distribution.likeliest(n, top)) {
        likeliest
            .addObject()
            .put("token", v)
            .put("text", token(v, n))
            .put("probability", distribution.probability(n, v));
      }
    }
    return json;
  }

  private static boolean isMasked(TokenDistribution distribution, int position) {
    return distribution.zt()[position] == distribution.vocabularySize();
  }

  /** Returns a token's text with a sign for each blank and line end. */
  private String visible(int v, int position) {
    return Visible.of(token(v, position)).replace(BLANK, OPEN_BOX);
  }

  private String token(int v, int position) {
    return model.tokenizer().text(v, position);
  }
}
