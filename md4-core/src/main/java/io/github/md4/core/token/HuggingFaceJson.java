// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.token;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import com.google.gson.JsonObject;
import io.github.md4.core.StrictJson;
import io.github.md4.core.UntrustedFile;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.LongStream;

/**
 * The tokenizer that a {@code tokenizer.json} of Hugging Face's describes.
 *
 * <p>No special tokens are added to a text. Needs ai.djl.huggingface:tokenizers on the class path,
 * whose native library does the work. Safe for several threads.
 */
public final class HuggingFaceJson implements Tokenizer {
  static final String TYPE = "huggingface";

  private static final Map<String, String> OPTIONS =
      Map.of("addSpecialTokens", "false", "truncation", "do_not_truncate", "padding", "false");

  private static final int ANCHORS_TRIED = 100;

  private final JsonObject description;
  private final HuggingFaceVocabulary vocabulary;
  private final HuggingFaceTokenizer decoder;
  private final HuggingFaceTokenizer encoder;
  private final long[] anchor; // a token after which others are decoded; empty where none serves
  private final String anchorText;
  private HuggingFaceTokenizer continuing; // loaded at its first use

  private HuggingFaceJson(JsonObject description) {
    this.description = description;
    this.vocabulary = new HuggingFaceVocabulary(description);
    this.decoder = load(vocabulary.forDecoding().toString());
    this.encoder = load(vocabulary.forEncoding().toString());
    this.anchor =
        vocabulary.ordinary(ANCHORS_TRIED).stream()
            .filter(this::isAnchor)
            .limit(1)
            .mapToLong(Integer::longValue)
            .toArray();
    this.anchorText = anchor.length == 0 ? "" : decoder.decode(anchor, false);
  }

  private boolean isAnchor(int id) {
    String alone = decoder.decode(new long[] {id}, false);
    return !alone.isBlank() && decoder.decode(new long[] {id, id}, false).startsWith(alone);
  }

  /**
   * Returns the tokenizer of a JSON text.
   *
   * @throws IllegalArgumentException if it describes none
   */
  static HuggingFaceJson of(String json) {
    try {
      return new HuggingFaceJson(StrictJson.object(json));
    } catch (IllegalStateException | UnsupportedOperationException | NullPointerException e) {
      throw new IllegalArgumentException("no tokenizer.json of Hugging Face's", e);
    }
  }

  /**
   * {@return the tokenizer in a file}
   *
   * @param file a tokenizer's JSON file; messages name it
   * @throws io.github.md4.core.InvalidDataException if it is missing or describes none, or the
   *     tokenizers library is not on the class path
   * @throws IOException if a file cannot be read
   */
  public static HuggingFaceJson load(Path file) throws IOException {
    UntrustedFile untrusted = new UntrustedFile(file);
    return untrusted.read("names no tokenizer that can be read", () -> of(untrusted.text()));
  }

  private static HuggingFaceTokenizer load(String json) {
    try {
      byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
      return HuggingFaceTokenizer.newInstance(new ByteArrayInputStream(bytes), OPTIONS);
    } catch (IOException e) {
      throw new UncheckedIOException("a tokenizer in memory", e);
    } catch (NoClassDefFoundError e) {
      throw new IllegalArgumentException(
          "ai.djl.huggingface:tokenizers is not on the class path; add it", e);
    } catch (RuntimeException e) {
      throw new IllegalArgumentException("the tokenizers library says: " + e.getMessage(), e);
    }
  }

  @Override
  public int vocabularySize() {
    return vocabulary.size();
  }

  @Override
  public String unit() {
    return "token";
  }

  @Override
  public OptionalInt endOfText() {
    return vocabulary.endOfText();
  }

  /** The text of a control token is text like any other: no document ends another. */
  @Override
  public int[] encode(CharSequence text) {
    return encode(encoder, text);
  }

  @Override
  public int[] encodeContinuing(CharSequence text) {
    return encode(continuing(), text);
  }

  private synchronized HuggingFaceTokenizer continuing() {
    if (continuing == null) {
      JsonObject other = vocabulary.forContinuing();
      continuing = other.equals(vocabulary.forEncoding()) ? encoder : load(other.toString());
    }
    return continuing;
  }

  private static int[] encode(HuggingFaceTokenizer tokenizer, CharSequence text) {
    TokenizerParts.checkWhole(text);
    String free = text.toString().replace(HuggingFaceVocabulary.RESERVED, "\uFFFD");
    long[] ids = tokenizer.encode(free, false, false).getIds();
    return Arrays.stream(ids).mapToInt(id -> (int) id).toArray();
  }

  @Override
  public String decode(int[] ids) {
    int mask = vocabularySize();
    StringBuilder text = new StringBuilder();
    int first = 0;
    for (int i = 0; i < ids.length; i++) {
      TokenizerParts.checkId(ids[i], mask, i);
      if (ids[i] == mask) {
        text.append(decode(ids, first, i)).append(MASK_TEXT);
        first = i + 1;
      }
    }
    return text.append(decode(ids, first, ids.length)).toString();
  }

  /** Returns the text of a run of tokens; only one at the start loses its first blank. */
  private String decode(int[] ids, int from, int to) {
    long[] run = Arrays.stream(ids, from, to).filter(vocabulary::isToken).asLongStream().toArray();
    if (run.length == 0) {
      return "";
    }
    if (from > 0 && anchor.length > 0) {
      long[] anchored = LongStream.concat(LongStream.of(anchor), LongStream.of(run)).toArray();
      String text = decoder.decode(anchored, false);
      if (text.startsWith(anchorText)) {
        return text.substring(anchorText.length());
      }
    }
    return decoder.decode(run, false);
  }

  @Override
  public String text(int id, int position) {
    TokenizerParts.checkId(id, vocabularySize(), position);
    if (id == vocabularySize()) {
      return MASK_TEXT;
    }
    return position == 0 ? decode(new int[] {id}, 0, 1) : decode(new int[] {0, id}, 1, 2);
  }

  /** Normalizers look at whole texts, so a text is not cut. */
  @Override
  public int seam(CharSequence text) {
    return 0;
  }

  @Override
  public JsonObject toJson() {
    JsonObject json = TokenizerParts.of(TYPE);
    json.add("tokenizer", description);
    return json;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof HuggingFaceJson that && description.equals(that.description);
  }

  @Override
  public int hashCode() {
    return description.hashCode();
  }
}
