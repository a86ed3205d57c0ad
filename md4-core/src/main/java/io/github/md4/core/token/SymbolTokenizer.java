// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.token;

import static io.github.md4.core.Checks.require;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.github.md4.core.UntrustedFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/**
 * A vocabulary of the user's own: symbols of any length, such as nucleotides, codons or notes.
 *
 * <p>A text is read from left to right; at each place the longest symbol that stands there is
 * taken. White space that is no symbol separates symbols and has no token of its own.
 */
public final class SymbolTokenizer implements Tokenizer {
  static final String TYPE = "symbols";
  private static final String SYMBOLS = "symbols";
  private static final String END_OF_TEXT = "<|endoftext|>";
  private static final int SHOWN = 12;

  private final List<String> symbols;
  private final Map<String, Integer> ids = new HashMap<>();
  private final int longest;
  private final String separator;

  /**
   * Makes the vocabulary.
   *
   * @param symbols the symbols in the order of their ids, at least two, none empty, none twice;
   *     copied
   * @throws IllegalArgumentException if there are fewer than two, or one is empty or stands twice
   */
  public SymbolTokenizer(List<String> symbols) {
    this.symbols = List.copyOf(symbols);
    require(symbols.size() >= 2, "a vocabulary must have at least two symbols", symbols.size());
    for (String symbol : symbols) {
      add(symbol);
    }
    this.longest = symbols.stream().mapToInt(String::length).max().orElseThrow();
    // Symbols of one character stand side by side, as DNA does; words need a space between them.
    this.separator = isOfCharacters() ? "" : " ";
  }

  private void add(String symbol) {
    if (symbol.isEmpty()) {
      throw new IllegalArgumentException("a symbol must not be empty: number " + ids.size());
    }
    if (ids.put(symbol, ids.size()) != null) {
      throw new IllegalArgumentException("twice in the vocabulary: '" + symbol + "'");
    }
  }

  private boolean isOfCharacters() {
    return symbols.stream().allMatch(symbol -> symbol.codePointCount(0, symbol.length()) == 1);
  }

  /**
   * {@return the vocabulary of a file with one symbol a line; the symbol {@code <|endoftext|>}, if
   * there, ends documents}
   *
   * @param file a text file in UTF-8 with one symbol a line; messages name it
   * @throws io.github.md4.core.InvalidDataException if it has fewer than two symbols, or one twice
   *     or empty
   * @throws IOException if a file cannot be read
   */
  public static SymbolTokenizer load(Path file) throws IOException {
    UntrustedFile untrusted = new UntrustedFile(file);
    return untrusted.read("no vocabulary", () -> ofLines(untrusted.text()));
  }

  private static SymbolTokenizer ofLines(String text) {
    List<String> symbols = text.lines().toList();
    if (symbols.size() < 2) {
      throw new IllegalArgumentException(
          "a vocabulary must have at least two symbols, one a line: " + symbols.size());
    }
    return new SymbolTokenizer(symbols);
  }

  static SymbolTokenizer fromJson(JsonFields json) {
    return new SymbolTokenizer(json.strings(SYMBOLS));
  }

  @Override
  public int vocabularySize() {
    return symbols.size();
  }

  @Override
  public String unit() {
    return "symbol";
  }

  @Override
  public String summary() {
    List<String> shown = symbols.subList(0, Math.min(SHOWN, symbols.size()));
    return "%d symbols %s%s"
        .formatted(
            symbols.size(), String.join(" ", shown), symbols.size() > shown.size() ? " ..." : "");
  }

  @Override
  public OptionalInt endOfText() {
    Integer id = ids.get(END_OF_TEXT);
    return id == null ? OptionalInt.empty() : OptionalInt.of(id);
  }

  @Override
  public long blanksLeftOut(CharSequence text, int[] ids) {
    return text.length() - Arrays.stream(ids).mapToLong(id -> symbols.get(id).length()).sum();
  }

  @Override
  public int[] encode(CharSequence text) {
    int[] encoded = new int[text.length()];
    int count = 0;
    for (int place = 0; place < text.length(); ) {
      String symbol = longestAt(text, place);
      if (!symbol.isEmpty()) {
        encoded[count++] = ids.get(symbol);
      } else if (!Character.isWhitespace(text.charAt(place))) {
        throw new IllegalArgumentException(
            "no symbol of the vocabulary: %s at offset %d"
                .formatted(TokenizerParts.show(Character.codePointAt(text, place)), place));
      }
      place += Math.max(1, symbol.length());
    }
    return Arrays.copyOf(encoded, count);
  }

  private String longestAt(CharSequence text, int place) {
    for (int length = Math.min(longest, text.length() - place); length > 0; length--) {
      String candidate = text.subSequence(place, place + length).toString();
      if (ids.containsKey(candidate)) {
        return candidate;
      }
    }
    return "";
  }

  @Override
  public String decode(int[] tokens) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < tokens.length; i++) {
      TokenizerParts.checkId(tokens[i], symbols.size(), i);
      text.append(i == 0 ? "" : separator)
          .append(tokens[i] == symbols.size() ? MASK_TEXT : symbols.get(tokens[i]));
    }
    return text.toString();
  }

  @Override
  public String separator() {
    return separator;
  }

  /**
   * Returns the last position at white space that is in no symbol, or any position if every symbol
   * is one character.
   */
  @Override
  public int seam(CharSequence text) {
    if (isOfCharacters()) {
      return TokenizerParts.lastWhole(text);
    }
    boolean isWhiteSpaceFree = symbols.stream().noneMatch(SymbolTokenizer::hasWhiteSpace);
    return isWhiteSpaceFree ? TokenizerParts.lastWhiteSpace(text) : 0;
  }

  private static boolean hasWhiteSpace(String symbol) {
    return symbol.chars().anyMatch(Character::isWhitespace);
  }

  @Override
  public JsonObject toJson() {
    JsonArray array = new JsonArray();
    symbols.forEach(array::add);
    JsonObject json = TokenizerParts.of(TYPE);
    json.add(SYMBOLS, array);
    return json;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof SymbolTokenizer that && symbols.equals(that.symbols);
  }

  @Override
  public int hashCode() {
    return symbols.hashCode();
  }
}
