// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.token;

import com.google.gson.JsonObject;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.StringJoiner;
import java.util.function.IntFunction;
import java.util.function.ToIntFunction;

/** The common parts of the tokenizers: the head of their JSON, and their checks. */
final class TokenizerParts {
  static final int FORMAT_VERSION = 1;
  private static final int SHOWN = 100; // of a vocabulary's characters

  private TokenizerParts() {}

  /** Returns the JSON that names a type of tokenizer and holds nothing else yet. */
  static JsonObject of(String type) {
    JsonObject json = new JsonObject();
    json.addProperty(JsonFields.FORMAT_VERSION, FORMAT_VERSION);
    json.addProperty("type", type);
    return json;
  }

  /** Throws unless {@code id} is a token or the mask. */
  static void checkId(int id, int vocabularySize, int position) {
    if (id < 0 || id > vocabularySize) {
      throw new IllegalArgumentException(
          "a token must be in [0, %d]: %d at position %d".formatted(vocabularySize, id, position));
    }
  }

  /** Returns the words between blanks, each as the id that {@code id} gives it. */
  static int[] words(CharSequence text, ToIntFunction<String> id) {
    String stripped = text.toString().strip();
    return stripped.isEmpty()
        ? new int[0]
        : Arrays.stream(stripped.split("\\s+")).mapToInt(id).toArray();
  }

  /** Returns the place of the last blank, at which words can be parted; 0 without one. */
  static int lastBlank(CharSequence text) {
    int last = text.length() - 1;
    while (last > 0 && !Character.isWhitespace(text.charAt(last))) {
      last--;
    }
    return Math.max(last, 0);
  }

  /** Returns the words of the ids with blanks between them, the mask's among them. */
  static String joined(int[] ids, int vocabularySize, IntFunction<String> word) {
    StringJoiner joined = new StringJoiner(" ");
    for (int i = 0; i < ids.length; i++) {
      checkId(ids[i], vocabularySize, i);
      joined.add(ids[i] == vocabularySize ? Tokenizer.MASK_TEXT : word.apply(ids[i]));
    }
    return joined.toString();
  }

  /** Returns the UTF-8 bytes of a text; half a surrogate pair is an IllegalArgumentException. */
  static byte[] utf8(CharSequence text) {
    CharBuffer characters = CharBuffer.wrap(text);
    try {
      ByteBuffer encoded = StandardCharsets.UTF_8.newEncoder().encode(characters);
      byte[] bytes = new byte[encoded.remaining()];
      encoded.get(bytes);
      return bytes;
    } catch (CharacterCodingException e) {
      int offset = characters.position();
      throw new IllegalArgumentException(
          "half a character: " + show(text.charAt(offset)) + " at offset " + offset, e);
    }
  }

  /** Throws if a text holds half a character. */
  static void checkWhole(CharSequence text) {
    for (int i = 0; i < text.length(); i++) {
      boolean isHalf =
          (Character.isHighSurrogate(text.charAt(i)) && !isLow(text, i + 1))
              || (Character.isLowSurrogate(text.charAt(i)) && !isHigh(text, i - 1));
      if (isHalf) {
        throw new IllegalArgumentException(
            "half a character: " + show(text.charAt(i)) + " at offset " + i);
      }
    }
  }

  private static boolean isLow(CharSequence text, int i) {
    return i < text.length() && Character.isLowSurrogate(text.charAt(i));
  }

  private static boolean isHigh(CharSequence text, int i) {
    return i >= 0 && Character.isHighSurrogate(text.charAt(i));
  }

  /** Returns the length of a text without a last half of a character. */
  static int lastWhole(CharSequence text) {
    int length = text.length();
    return length > 0 && Character.isHighSurrogate(text.charAt(length - 1)) ? length - 1 : length;
  }

  /** Returns the last place in a text where white space begins after something else; else 0. */
  static int lastWhiteSpace(CharSequence text) {
    int place = text.length() - 1;
    while (place > 0 && !isBorder(text, place)) {
      place--;
    }
    return Math.max(place, 0);
  }

  private static boolean isBorder(CharSequence text, int place) {
    char before = text.charAt(place - 1);
    return isAsciiSpace(text.charAt(place)) && before > ' ' && before < 0x7F;
  }

  /** Returns whether a character is white space to every tokenizer. */
  private static boolean isAsciiSpace(char c) {
    return c == ' ' || c == '\n';
  }

  /** Returns the first characters in one line, what cannot be seen by its number. */
  static String oneLine(int[] codePoints) {
    StringBuilder line = new StringBuilder();
    for (int codePoint : Arrays.copyOf(codePoints, Math.min(codePoints.length, SHOWN))) {
      String shown = show(codePoint);
      line.append(shown.startsWith("'") ? Character.toString(codePoint) : "<" + shown + ">");
    }
    return line + (codePoints.length > SHOWN ? "..." : "");
  }

  /** Returns a code point as people name it: {@code 'x' (U+0078)}; an invisible one by number. */
  static String show(int codePoint) {
    String name = "U+%04X".formatted(codePoint);
    return isVisible(codePoint) ? "'" + Character.toString(codePoint) + "' (" + name + ')' : name;
  }

  /** Returns whether a reader sees a character for what it is, as no blank but U+0020 is. */
  private static boolean isVisible(int codePoint) {
    return switch (Character.getType(codePoint)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.UNASSIGNED,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          false;
      case Character.SPACE_SEPARATOR -> codePoint == ' ';
      default -> true;
    };
  }
}
