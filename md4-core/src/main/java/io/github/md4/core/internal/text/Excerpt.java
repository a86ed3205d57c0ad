// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.text;

/** The place of an error: the text in which a tokenizer found it. */
public final class Excerpt {
  private static final String ADVICE = "; ";

  private Excerpt() {}

  /**
   * Returns a message with the text that it is about, which stands before the message's advice.
   *
   * @param message what is wrong, and behind the first semicolon what may be done
   * @param shown the text, as it is to be shown
   */
  public static String in(String message, String shown) {
    int end = message.indexOf(ADVICE);
    int at = end < 0 ? message.length() : end;
    return "%s of \"%s\"%s".formatted(message.substring(0, at), shown, message.substring(at));
  }
}
