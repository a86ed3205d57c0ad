// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.token;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import io.github.md4.core.InvalidDataException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/**
 * The tokenizer that a {@code tokenizer.json} of Hugging Face's describes.
 *
 * <p>No special tokens are added to a text. Needs ai.djl.huggingface:tokenizers on the class path,
 * whose native library does the work.
 */
public final class HuggingFaceJson implements Tokenizer {
  static final String TYPE = "huggingface";

  /** Names of the token that ends a text, the likeliest first. */
  private static final List<String> ENDS =
      List.of("<|endoftext|>", "<|end_of_text|>", "</s>", "<eos>", "[EOS]", "[SEP]");

  private static final Map<String, String> OPTIONS =
      Map.of("addSpecialTokens", "false", "truncation", "do_not_truncate", "padding", "false");

  private final JsonObject description;
  private final int vocabularySize;
  private final OptionalInt endOfText;
  private final HuggingFaceTokenizer tokenizer;

  private HuggingFaceJson(JsonObject description) {
    this.description = description;
    List<Token> tokens = tokens(description);
    this.vocabularySize =
        1 + tokens.stream().mapToInt(Token::id).max().orElseThrow(HuggingFaceJson::empty);
    this.endOfText = endOfText(tokens);
    this.tokenizer = load(description.toString());
  }

  private record Token(String text, int id) {}

  /**
   * Returns the tokenizer of a JSON text.
   *
   * @throws IllegalArgumentException if it describes none
   */
  static HuggingFaceJson of(String json) {
    try {
      return new HuggingFaceJson(JsonParser.parseString(json).getAsJsonObject());
    } catch (JsonParseException | IllegalStateException | UnsupportedOperationException e) {
      throw new IllegalArgumentException("no tokenizer.json of Hugging Face's", e);
    }
  }

  /**
   * Returns the tokenizer in a file.
   *
   * @throws InvalidDataException if it is missing or describes none
   */
  public static HuggingFaceJson load(Path file) throws IOException {
    try {
      return of(Files.readString(file));
    } catch (IllegalArgumentException e) {
      throw new InvalidDataException(file, e.getMessage() + "; name another file", e);
    }
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

  /**
   * Returns the tokens of a vocabulary: an object from token to id for byte pairs and word pieces,
   * an array for a unigram model.
   */
  private static List<Token> tokens(JsonObject json) {
    List<Token> tokens = new ArrayList<>();
    JsonElement vocabulary = new JsonFields(json).object("model").get("vocab");
    if (vocabulary == null) {
      throw empty();
    }
    if (vocabulary.isJsonObject()) {
      vocabulary
          .getAsJsonObject()
          .entrySet()
          .forEach(entry -> tokens.add(new Token(entry.getKey(), entry.getValue().getAsInt())));
    } else {
      for (JsonElement pair : vocabulary.getAsJsonArray()) {
        tokens.add(new Token(pair.getAsJsonArray().get(0).getAsString(), tokens.size()));
      }
    }
    if (json.has("added_tokens")) {
      for (JsonElement added : json.getAsJsonArray("added_tokens")) {
        JsonObject token = added.getAsJsonObject();
        tokens.add(new Token(token.get("content").getAsString(), token.get("id").getAsInt()));
      }
    }
    return tokens;
  }

  private static OptionalInt endOfText(List<Token> tokens) {
    return ENDS.stream()
        .flatMap(end -> tokens.stream().filter(token -> token.text.equals(end)))
        .mapToInt(Token::id)
        .findFirst();
  }

  private static IllegalArgumentException empty() {
    return new IllegalArgumentException("its vocabulary is empty");
  }

  @Override
  public int vocabularySize() {
    return vocabularySize;
  }

  @Override
  public String unit() {
    return "token";
  }

  @Override
  public OptionalInt endOfText() {
    return endOfText;
  }

  @Override
  public int[] encode(CharSequence text) {
    TokenizerParts.checkWhole(text);
    long[] ids = tokenizer.encode(text.toString(), false, false).getIds();
    return Arrays.stream(ids).mapToInt(id -> (int) id).toArray();
  }

  @Override
  public String decode(int[] ids) {
    StringBuilder text = new StringBuilder();
    int first = 0;
    for (int i = 0; i < ids.length; i++) {
      TokenizerParts.checkId(ids[i], vocabularySize, i);
      if (ids[i] == vocabularySize) {
        text.append(decode(ids, first, i)).append(MASK_TEXT);
        first = i + 1;
      }
    }
    return text.append(decode(ids, first, ids.length)).toString();
  }

  private String decode(int[] ids, int from, int to) {
    long[] run = Arrays.stream(ids, from, to).asLongStream().toArray();
    return run.length == 0 ? "" : tokenizer.decode(run, false);
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
