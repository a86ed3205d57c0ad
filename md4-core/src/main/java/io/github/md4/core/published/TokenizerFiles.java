// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.published;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.StrictJson;
import io.github.md4.core.UntrustedFile;
import io.github.md4.core.token.Gpt2Tokenizer;
import io.github.md4.core.token.PublishedTokenizer;
import io.github.md4.core.token.Tokenizer;
import io.github.md4.core.token.WordTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * The tokenizer files of a folder: {@code tokenizer.json}, or {@code vocab.json} and {@code
 * merges.txt}; {@code tokenizer_config.json} beside them has the special tokens of the latter.
 *
 * @param json a tokenizer.json of Hugging Face's, if the folder has or describes one
 */
record TokenizerFiles(Path folder, Optional<JsonObject> json) {
  private static final int GPT2_TOKENS = 50_257;

  /** Qwen2's pattern of what byte pairs are made within. */
  private static final String QWEN_PATTERN =
      "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}"
          + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

  static TokenizerFiles read(Path folder) throws IOException {
    Path whole = folder.resolve("tokenizer.json");
    if (Files.isRegularFile(whole)) {
      return new TokenizerFiles(folder, Optional.of(object(whole)));
    }
    Path vocabulary = folder.resolve("vocab.json");
    Path merges = folder.resolve("merges.txt");
    if (!Files.isRegularFile(vocabulary)) {
      return new TokenizerFiles(folder, Optional.empty());
    }
    if (!Files.isRegularFile(merges)) {
      throw new InvalidDataException(folder, "has vocab.json but no merges.txt; download it again");
    }
    return new TokenizerFiles(
        folder, Optional.of(bytePairs(object(vocabulary), merges, added(folder))));
  }

  private static JsonObject object(Path file) throws IOException {
    return new UntrustedFile(file).readJson("is no JSON object", json -> json);
  }

  private static JsonArray added(Path folder) throws IOException {
    Path config = folder.resolve("tokenizer_config.json");
    JsonArray added = new JsonArray();
    if (Files.isRegularFile(config)) {
      JsonObject decoder = object(config).getAsJsonObject("added_tokens_decoder");
      for (Map.Entry<String, JsonElement> each :
          decoder == null ? new JsonObject().entrySet() : decoder.entrySet()) {
        JsonObject token = each.getValue().getAsJsonObject().deepCopy();
        token.addProperty("id", Integer.parseInt(each.getKey()));
        for (String flag : new String[] {"single_word", "lstrip", "rstrip", "normalized"}) {
          if (!token.has(flag)) {
            token.addProperty(flag, false);
          }
        }
        added.add(token);
      }
    }
    return added;
  }

  /** Returns the tokenizer.json of Qwen2's byte pairs. */
  private static JsonObject bytePairs(JsonObject vocabulary, Path merges, JsonArray added)
      throws IOException {
    JsonArray pairs = new JsonArray();
    new UntrustedFile(merges)
        .text()
        .lines()
        .filter(line -> !line.startsWith("#version") && !line.isBlank())
        .forEach(pairs::add);
    JsonObject json =
        JsonParser.parseString(
                """
                {"version": "1.0", "normalizer": {"type": "NFC"},
                 "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
                   {"type": "Split", "pattern": {"Regex": ""}, "behavior": "Isolated", "invert": false},
                   {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": false, "use_regex": false}]},
                 "decoder": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": false, "use_regex": false},
                 "model": {"type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": "",
                   "end_of_word_suffix": "", "fuse_unk": false, "byte_fallback": false}}
                """)
            .getAsJsonObject();
    json.getAsJsonObject("pre_tokenizer")
        .getAsJsonArray("pretokenizers")
        .get(0)
        .getAsJsonObject()
        .getAsJsonObject("pattern")
        .addProperty("Regex", QWEN_PATTERN);
    json.add("added_tokens", added);
    json.getAsJsonObject("model").add("vocab", vocabulary);
    json.getAsJsonObject("model").add("merges", pairs);
    return json;
  }

  /** Returns whether there is a tokenizer.json itself. */
  boolean hasWhole() {
    return Files.isRegularFile(folder.resolve("tokenizer.json"));
  }

  /** Returns whether the tokenizer of a network of so many tokens is neither here nor known. */
  boolean isMissing(int size) {
    return json.isEmpty() && size != GPT2_TOKENS;
  }

  /**
   * Returns the tokenizer of a network.
   *
   * @param size V, the mask not counted
   * @param end the id that ends a text, or -1
   * @throws InvalidDataException if it has more tokens than the network
   */
  Tokenizer tokenizer(int size, int end) throws IOException {
    Path file = folder.resolve("tokenizer.json");
    return new UntrustedFile(file)
        .read("is not the tokenizer of these weights; take theirs", () -> of(size, end));
  }

  private Tokenizer of(int size, int end) {
    if (json.isPresent()) {
      JsonObject wrapped = new JsonObject();
      wrapped.addProperty("formatVersion", 1);
      wrapped.addProperty("type", "huggingface");
      wrapped.add("tokenizer", json.get());
      return new PublishedTokenizer(Tokenizer.fromJson(wrapped), size, end);
    }
    return isMissing(size)
        ? new WordTokenizer(IntStream.range(0, size).mapToObj(Integer::toString).toList())
        : new Gpt2Tokenizer();
  }

  /** Returns the ids of the special tokens by their texts, in the order of the file. */
  Map<String, Integer> specialTokens() {
    Map<String, Integer> ids = new LinkedHashMap<>();
    JsonElement added = json.map(each -> each.get("added_tokens")).orElse(null);
    if (added != null && added.isJsonArray()) {
      for (JsonElement each : added.getAsJsonArray()) {
        JsonObject token = each.getAsJsonObject();
        ids.put(
            token.get("content").getAsString(),
            StrictJson.whole(token.get("id"), "an added token's id"));
      }
    }
    return ids;
  }

  /** Returns the id of a text in the vocabulary itself, or -1. */
  int ofVocabulary(String text) {
    JsonElement vocabulary =
        json.map(each -> each.getAsJsonObject("model").get("vocab")).orElse(null);
    return vocabulary != null && vocabulary.isJsonObject() && vocabulary.getAsJsonObject().has(text)
        ? StrictJson.whole(vocabulary.getAsJsonObject().get(text), "the id of " + text)
        : -1;
  }
}
