// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import static io.github.md4.core.Checks.require;

import io.github.md4.core.internal.text.Counted;
import io.github.md4.core.internal.text.Excerpt;
import io.github.md4.core.token.Tokenizer;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * The parser of a text with holes: {@code [MASK]} is one token, {@code [MASK*12]} are twelve, and
 * {@code [MASK*]} are as many as the model's length leaves. {@code \[} is a bracket that begins no
 * hole.
 *
 * <p>The text between holes is tokenized piece by piece, so no token reaches across a hole's edge
 * (docs/sampling.md).
 */
public final class Template {
  private static final String BEGINNING = "[MASK";
  private static final Pattern HOLE =
      Pattern.compile("\\\\\\[|\\[MASK(?:\\*(\\d{0,9}))?]|\\[MASK|(?i:\\[MASK(?:\\*[^]]*)?])");
  private static final int REST = -1;
  private static final int SHOWN = 40;

  private final Tokenizer tokenizer;
  private final int length;
  private int[] zt = {};
  private int rest = REST;

  private Template(Tokenizer tokenizer, int length) {
    this.tokenizer = tokenizer;
    this.length = length;
  }

  /**
   * {@return the tokens, and masks V, of a template: at least one and at most {@code length}, in
   * [0, V]}
   *
   * @param text a text with {@code [MASK]}, {@code [MASK*n]} or {@code [MASK*]} where tokens are to
   *     be filled
   * @param tokenizer the tokenizer of the text between the holes
   * @param length the largest number of tokens, at least 1
   * @throws IllegalArgumentException if the text is no template, has a symbol that the tokenizer
   *     lacks, or is too long
   */
  public static int[] parse(String text, Tokenizer tokenizer, int length) {
    return new Template(tokenizer, length).parse(text);
  }

  /**
   * Checks that a template leaves something to fill.
   *
   * @param zt tokens and masks, as {@link #parse} returns them
   * @param maskToken the mask V
   * @throws IllegalArgumentException if none is the mask
   */
  public static void requireHole(int[] zt, int maskToken) {
    require(
        Arrays.stream(zt).anyMatch(token -> token == maskToken),
        "a template must have a hole: [MASK], [MASK*12] or [MASK*]");
  }

  private int[] parse(String text) {
    StringBuilder piece = new StringBuilder();
    Matcher hole = HOLE.matcher(text);
    int end = 0;
    while (hole.find()) {
      piece.append(text, end, hole.start());
      end = hole.end();
      boolean isWhole =
          hole.group().startsWith(BEGINNING) && !hole.group().equals(BEGINNING); // not [mask]
      require(
          isWhole || hole.group().startsWith("\\"),
          "a hole must be [MASK], [MASK*12] or [MASK*]; write \\[ for a bracket: %s"
              .formatted(text.substring(hole.start())));
      if (hole.group().startsWith("\\")) {
        piece.append('[');
      } else {
        addText(piece);
        addHole(hole);
      }
    }
    addText(piece.append(text, end, text.length()));
    fillUp();
    require(zt.length > 0, "a template must have at least one token");
    require(
        zt.length <= length,
        "a template must have at most the model's %s: %d"
            .formatted(Counted.of(length, "token"), zt.length));
    return zt;
  }

  private void addHole(Matcher hole) {
    String count = hole.group(1);
    if (count != null && count.isEmpty()) {
      require(rest == REST, "[MASK*] can be in a template once only");
      rest = zt.length;
      return;
    }
    int masks = count == null ? 1 : Integer.parseInt(count);
    require(masks >= 1, "a hole must have at least one mask: " + hole.group());
    require(
        masks <= length,
        "a hole must not exceed the model's %s: %s"
            .formatted(Counted.of(length, "token"), hole.group()));
    zt = joined(zt, masks(masks));
  }

  private void addText(StringBuilder piece) {
    if (piece.length() > 0) {
      zt = joined(zt, encoded(piece.toString()));
      piece.setLength(0);
    }
  }

  /** The tokenizer counts from the beginning of the piece, so the message shows the piece. */
  private int[] encoded(String piece) {
    try {
      boolean isBeginning = zt.length == 0 && rest == REST;
      return isBeginning ? tokenizer.encode(piece) : tokenizer.encodeContinuing(piece);
    } catch (IllegalArgumentException e) {
      String shown = piece.length() > SHOWN ? piece.substring(0, SHOWN) + "..." : piece;
      throw new IllegalArgumentException(Excerpt.in(e.getMessage(), shown), e);
    }
  }

  private void fillUp() {
    if (rest != REST) {
      int[] before = Arrays.copyOf(zt, rest);
      int[] after = Arrays.copyOfRange(zt, rest, zt.length);
      zt = joined(joined(before, masks(Math.max(0, length - zt.length))), after);
    }
  }

  private int[] masks(int count) {
    int[] masks = new int[count];
    Arrays.fill(masks, tokenizer.vocabularySize());
    return masks;
  }

  private static int[] joined(int[] first, int[] second) {
    return IntStream.concat(Arrays.stream(first), Arrays.stream(second)).toArray();
  }
}
