// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data;

/**
 * The numbers of documents that could not be taken as they are.
 *
 * @param missing the number of documents left out because their text is null, at least 0
 * @param mended the number of documents with half a character, an unpaired surrogate, in whose
 *     place U+FFFD stands, at least 0
 */
public record TextDefects(long missing, long mended) {
  /** No document. */
  public static final TextDefects NONE = new TextDefects(0, 0);

  /**
   * {@return the numbers of both}
   *
   * @param other the numbers of other documents
   */
  public TextDefects plus(TextDefects other) {
    return new TextDefects(missing + other.missing, mended + other.mended);
  }

  /**
   * {@return a text with U+FFFD for each half of a character; the same object if there is none}
   *
   * @param text any text
   */
  public static String mend(String text) {
    StringBuilder mended = null;
    for (int i = 0; i < text.length(); i++) {
      boolean isPair =
          Character.isHighSurrogate(text.charAt(i))
              && i + 1 < text.length()
              && Character.isLowSurrogate(text.charAt(i + 1));
      if (isPair) {
        i++;
      } else if (Character.isSurrogate(text.charAt(i))) {
        mended = mended == null ? new StringBuilder(text) : mended;
        mended.setCharAt(i, '\uFFFD');
      }
    }
    return mended == null ? text : mended.toString();
  }
}
