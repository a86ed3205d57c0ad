// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.token;

import com.google.gson.JsonObject;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.UntrustedFile;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A vocabulary: text to ids in {@code [0, vocabularySize())} and back.
 *
 * <p>The id {@code vocabularySize()} is the mask; it has no text, and {@link #decode} shows it as
 * {@link #MASK_TEXT}. The JSON form holds the vocabulary itself, so that a model's folder alone
 * decodes its samples.
 *
 * <p>A tokenizer of a user's own is immutable, safe for several threads, and equal to its like. Its
 * JSON has {@code formatVersion} 1 and the {@code type} of a {@link TokenizerKind}, by which it is
 * read again.
 */
public interface Tokenizer {
  /** The text of a masked position in decoded text: U+2588, a full block. */
  String MASK_TEXT = "\u2588";

  /** {@return V, the number of tokens, the mask not counted; at least 2 for a model} */
  int vocabularySize();

  /** {@return what reports call one of its tokens: character, byte or token} */
  String unit();

  /** {@return the vocabulary for people to tell from another's: one line, cut where it is long} */
  default String summary() {
    return vocabularySize() + " " + unit() + "s";
  }

  /**
   * {@return the size of the images whose values the tokens are; nothing where they are no images}
   */
  default Optional<ImageShape> image() {
    return Optional.empty();
  }

  /**
   * {@return the ids of a text, in [0, V), in order}
   *
   * @param text a text of which each symbol is in the vocabulary
   * @throws IllegalArgumentException if a character has no id; says which and where
   */
  int[] encode(CharSequence text);

  /**
   * {@return the number of blanks and line ends of a text that have no token}
   *
   * @param text a text of which each symbol is in the vocabulary
   * @param ids what {@link #encode} returned for it
   */
  default long blanksLeftOut(CharSequence text, int[] ids) {
    return 0;
  }

  /**
   * {@return the ids of a text that continues another, after a hole for instance: without the mark
   * of a beginning that some vocabularies put before a text}
   *
   * @param text a text of which each symbol is in the vocabulary
   * @throws IllegalArgumentException as {@link #encode}
   */
  default int[] encodeContinuing(CharSequence text) {
    return encode(text);
  }

  /**
   * {@return the text that one id adds to a sequence at a position} The texts of all positions,
   * joined by {@link #separator}, give {@link #decode} of the sequence, as far as no character
   * takes several tokens.
   *
   * @param id an id in [0, V]
   * @param position the position in the sequence, from 0
   * @throws IllegalArgumentException if the id is not in [0, V]
   */
  default String text(int id, int position) {
    return decode(new int[] {id});
  }

  /**
   * {@return the text of the ids; the mask reads {@link #MASK_TEXT}}
   *
   * @param ids token ids in [0, V]; V, the mask, reads {@link #MASK_TEXT}
   * @throws IllegalArgumentException if an id is not in {@code [0, vocabularySize()]}
   */
  String decode(int[] ids);

  /** {@return what {@link #decode} puts between the texts of two tokens} */
  default String separator() {
    return "";
  }

  /** {@return the token that closes a document; none where the vocabulary has no such token} */
  default OptionalInt endOfText() {
    return OptionalInt.empty();
  }

  /**
   * {@return the last place at which a text may be cut so that its parts, encoded one by one, give
   * the ids of the whole; 0 where no such place is known}
   *
   * @param text a text of which each symbol is in the vocabulary
   */
  int seam(CharSequence text);

  /** {@return the content of {@code tokenizer.json}: format version, type and vocabulary} */
  JsonObject toJson();

  /**
   * {@return the tokenizer whose {@link #toJson} this is}
   *
   * @param json the JSON object that describes the tokenizer, its {@code type} included
   * @throws IllegalArgumentException if it is none, of a format version unknown here, or of a type
   *     that neither this library nor a {@link TokenizerKind} on the class path has
   */
  static Tokenizer fromJson(JsonObject json) {
    JsonFields fields = new JsonFields(json);
    fields.checkFormatVersion(TokenizerParts.FORMAT_VERSION);
    String type = fields.string("type");
    return switch (type) {
      case Characters.TYPE -> new Characters(fields.string("vocabulary"));
      case Bytes.TYPE -> new Bytes();
      case Gpt2Tokenizer.TYPE -> new Gpt2Tokenizer();
      case HuggingFaceJson.TYPE -> HuggingFaceJson.of(fields.object("tokenizer").toString());
      case SymbolTokenizer.TYPE -> SymbolTokenizer.fromJson(fields);
      case WordTokenizer.TYPE -> WordTokenizer.fromJson(fields);
      case PixelValues.TYPE -> PixelValues.fromJson(fields);
      case ClassNames.TYPE -> ClassNames.fromJson(fields);
      case PublishedTokenizer.TYPE -> PublishedTokenizer.fromJson(fields);
      default -> TokenizerKind.of(type).fromJson(json);
    };
  }

  /**
   * {@return the tokenizer in a file}
   *
   * @param file a tokenizer's JSON file; messages name it
   * @throws InvalidDataException if the file is missing or holds no tokenizer, or its type is not
   *     on the class path
   * @throws IOException if a file cannot be read
   */
  static Tokenizer read(Path file) throws IOException {
    new UntrustedFile(file).checkExists("; a tokenizer is expected here");
    return new UntrustedFile(file).readJson("not a tokenizer", Tokenizer::fromJson);
  }

  /**
   * Writes {@link #toJson} to a file, replacing it.
   *
   * @param file the file to be written, in an existing folder
   * @throws IOException if the file cannot be written
   */
  default void write(Path file) throws IOException {
    Files.writeString(file, JsonFields.pretty(toJson()));
  }

  /** A vocabulary of single Unicode code points; the place in the vocabulary is the id. */
  final class Characters implements Tokenizer {
    static final String TYPE = "characters";
    private static final int UNKNOWN = -1;

    /** The 27 characters of text8: a to z are 0 to 25, space is 26. */
    public static final Characters TEXT8 = new Characters("abcdefghijklmnopqrstuvwxyz ");

    private final int[] codePoints;
    private final int[] ids; // by code point

    /**
     * Makes the vocabulary.
     *
     * @param vocabulary the characters in order of their ids, at least one, none twice
     * @throws IllegalArgumentException if the vocabulary is empty, has a character twice, or half
     *     of one
     */
    public Characters(String vocabulary) {
      if (vocabulary.isEmpty()) {
        throw new IllegalArgumentException("a vocabulary must have at least one character");
      }
      codePoints = vocabulary.codePoints().toArray();
      ids = invert(codePoints);
    }

    private static int[] invert(int[] codePoints) {
      int[] ids = new int[Arrays.stream(codePoints).max().orElseThrow() + 1];
      Arrays.fill(ids, UNKNOWN);
      for (int id = 0; id < codePoints.length; id++) {
        int codePoint = codePoints[id];
        checkVocabulary(ids[codePoint] == UNKNOWN, "twice in the vocabulary: ", codePoint);
        checkVocabulary(!isSurrogate(codePoint), "half a character: ", codePoint);
        ids[codePoint] = id;
      }
      return ids;
    }

    private static void checkVocabulary(boolean holds, String complaint, int codePoint) {
      if (!holds) {
        throw new IllegalArgumentException(complaint + TokenizerParts.show(codePoint));
      }
    }

    private static boolean isSurrogate(int codePoint) {
      return Character.getType(codePoint) == Character.SURROGATE;
    }

    /** {@return the characters in order of their ids} */
    public String vocabulary() {
      return new String(codePoints, 0, codePoints.length);
    }

    @Override
    public int vocabularySize() {
      return codePoints.length;
    }

    @Override
    public String unit() {
      return "character";
    }

    @Override
    public String summary() {
      return Tokenizer.super.summary() + " \"" + TokenizerParts.oneLine(codePoints) + '"';
    }

    @Override
    public int[] encode(CharSequence text) {
      int[] encoded = new int[text.length()];
      int count = 0;
      for (int i = 0; i < text.length(); count++) {
        int codePoint = Character.codePointAt(text, i);
        int id = codePoint < ids.length ? ids[codePoint] : UNKNOWN;
        if (id == UNKNOWN) {
          throw new IllegalArgumentException(
              "not in the vocabulary: " + TokenizerParts.show(codePoint) + " at offset " + i);
        }
        encoded[count] = id;
        i += Character.charCount(codePoint);
      }
      return count == encoded.length ? encoded : Arrays.copyOf(encoded, count);
    }

    @Override
    public String decode(int[] tokens) {
      StringBuilder text = new StringBuilder(tokens.length);
      for (int i = 0; i < tokens.length; i++) {
        TokenizerParts.checkId(tokens[i], codePoints.length, i);
        if (tokens[i] == codePoints.length) {
          text.append(MASK_TEXT);
        } else {
          text.appendCodePoint(codePoints[tokens[i]]);
        }
      }
      return text.toString();
    }

    @Override
    public int seam(CharSequence text) {
      return TokenizerParts.lastWhole(text);
    }

    @Override
    public JsonObject toJson() {
      JsonObject json = TokenizerParts.of(TYPE);
      json.addProperty("vocabulary", vocabulary());
      return json;
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Characters that && Arrays.equals(codePoints, that.codePoints);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(codePoints);
    }

    @Override
    public String toString() {
      return "Characters[" + vocabulary() + ']';
    }
  }

  /** The 256 bytes of UTF-8. Bytes that are no UTF-8 decode to U+FFFD, as a sample may hold any. */
  record Bytes() implements Tokenizer {
    static final String TYPE = "bytes";
    private static final int SIZE = 256;
    private static final byte[] MASK_BYTES = MASK_TEXT.getBytes(StandardCharsets.UTF_8);

    @Override
    public int vocabularySize() {
      return SIZE;
    }

    @Override
    public String unit() {
      return "byte";
    }

    @Override
    public int[] encode(CharSequence text) {
      byte[] bytes = TokenizerParts.utf8(text);
      int[] ids = new int[bytes.length];
      for (int i = 0; i < bytes.length; i++) {
        ids[i] = Byte.toUnsignedInt(bytes[i]);
      }
      return ids;
    }

    @Override
    public String decode(int[] ids) {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream(ids.length);
      for (int i = 0; i < ids.length; i++) {
        TokenizerParts.checkId(ids[i], SIZE, i);
        if (ids[i] == SIZE) {
          bytes.writeBytes(MASK_BYTES);
        } else {
          bytes.write(ids[i]);
        }
      }
      return bytes.toString(StandardCharsets.UTF_8);
    }

    @Override
    public int seam(CharSequence text) {
      return TokenizerParts.lastWhole(text);
    }

    @Override
    public JsonObject toJson() {
      return TokenizerParts.of(TYPE);
    }
  }
}
