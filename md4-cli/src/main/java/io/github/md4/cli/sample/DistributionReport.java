// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.sample;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.md4.cli.support.Json;
import io.github.md4.cli.support.Visible;
import io.github.md4.core.token.Tokenizer;
import io.github.md4.sample.MaskedDiffusion;
import io.github.md4.sample.TokenDistribution;
import java.util.Locale;
import java.util.StringJoiner;

/**
 * A report of the likeliest tokens at every position.
 *
 * @param top the number of tokens at each position
 */
record DistributionReport(MaskedDiffusion model, int top) {
  private static final char BLANK = ' ';
  private static final char OPEN_BOX = '\u2423'; // the sign of a blank

  /** Returns a line for each position: the text's token, whether it is masked, the likeliest. */
  String text(int[] x, TokenDistribution distribution) {
    StringJoiner lines = new StringJoiner(System.lineSeparator());
    lines.add("--- " + Visible.of(model.text(distribution.zt())));
    for (int n = 0; n < x.length; n++) {
      StringBuilder line = new StringBuilder();
      line.append(
          String.format(
              Locale.ROOT,
              "%5d  %s  %s ",
              n,
              visible(x[n], n),
              isMasked(distribution, n) ? Tokenizer.MASK_TEXT : " "));
      for (int v : distribution.likeliest(n, top)) {
        line.append(
            String.format(Locale.ROOT, "  %s %.4f", visible(v, n), distribution.probability(n, v)));
      }
      lines.add(line);
    }
    return lines.toString();
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
