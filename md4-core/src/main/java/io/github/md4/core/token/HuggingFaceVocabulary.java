// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.token;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.github.md4.core.StrictJson;
import io.github.md4.core.internal.text.Counted;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;

/**
 * The tokens of a {@code tokenizer.json} of Hugging Face's, and the descriptions that its library
 * is given in place of the file.
 *
 * <p>The library takes merges as texts only, numbers added tokens by their order whatever their
 * ids, and finds the text of control tokens in documents. So merges are joined, gaps between ids
 * are filled, and for encoding the control tokens get texts that no document has.
 */
final class HuggingFaceVocabulary {
  /** A character that is in no text: {@link HuggingFaceJson#encode} replaces it. */
  static final String RESERVED = "\uDBFF\uDFFF"; // U+10FFFF, which Unicode leaves to programs

  private static final String MODEL = "model";
  private static final String VOCAB = "vocab";
  private static final String MERGES = "merges";
  private static final String ADDED = "added_tokens";
  private static final String CONTENT = "content";
  private static final String TYPE = "type";
  private static final String NORMALIZER = "normalizer";
  private static final String PRE_TOKENIZER = "pre_tokenizer";
  private static final String UNKNOWN = "unk_token";
  private static final int MOST_GAPS = 1 << 16;

  /** Names of the token that ends a text, the likeliest first. */
  private static final List<String> ENDS =
      List.of("<|endoftext|>", "<|end_of_text|>", "</s>", "<eos>", "[EOS]", "[SEP]");

  private final JsonObject json;
  private final TreeMap<Integer, String> texts = new TreeMap<>();
  private final Map<String, Integer> ids = new HashMap<>();
  private final Set<Integer> control = new HashSet<>();

  /**
   * @throws IllegalArgumentException if the tokens contradict each other or are none
   */
  HuggingFaceVocabulary(JsonObject description) {
    json = description.deepCopy();
    joinMerges();
    addModelTokens();
    addAddedTokens();
    if (texts.isEmpty()) {
      throw new IllegalArgumentException("its vocabulary is empty");
    }
    endOfText().ifPresent(control::add);
    fillGaps();
  }

  /** Returns V: one more than the greatest id. */
  int size() {
    return texts.lastKey() + 1;
  }

  /** Returns whether an id stands for a token; the others are gaps. */
  boolean isToken(int id) {
    return texts.containsKey(id);
  }

  /** Returns the tokens by their ids, in order. */
  Map<Integer, String> texts() {
    return texts;
  }

  OptionalInt endOfText() {
    return ENDS.stream().filter(ids::containsKey).mapToInt(ids::get).findFirst();
  }

  boolean isControl(int id) {
    return control.contains(id);
  }

  /** Returns the description to decode with. */
  JsonObject forDecoding() {
    return json;
  }

  /** Returns the description to encode with: no text of a document is a control token. */
  JsonObject forEncoding() {
    JsonObject encoding = json.deepCopy();
    encoding.add("post_processor", JsonNull.INSTANCE); // it adds special tokens only
    JsonObject model = encoding.getAsJsonObject(MODEL);
    hideInModel(model);
    for (JsonElement added : addedTokens(encoding)) {
      JsonObject token = added.getAsJsonObject();
      int id = id(token);
      if (isControl(id)) {
        token.addProperty(CONTENT, hidden(id));
        token.addProperty("normalized", false);
      }
    }
    return encoding;
  }

  private static int id(JsonObject token) {
    return StrictJson.whole(token.get("id"), "an added token's id");
  }

  private void hideInModel(JsonObject model) {
    JsonElement vocabulary = model.get(VOCAB);
    for (int id : control) {
      String text = texts.get(id);
      if (vocabulary.isJsonObject() && vocabulary.getAsJsonObject().has(text)) {
        vocabulary.getAsJsonObject().remove(text);
        vocabulary.getAsJsonObject().addProperty(hidden(id), id);
      } else if (vocabulary.isJsonArray() && id < vocabulary.getAsJsonArray().size()) {
        vocabulary.getAsJsonArray().get(id).getAsJsonArray().set(0, new JsonPrimitive(hidden(id)));
      }
      if (new JsonPrimitive(text).equals(model.get(UNKNOWN))) {
        model.addProperty(UNKNOWN, hidden(id));
      }
    }
  }

  /** Returns the description to encode a text with that continues another. */
  JsonObject forContinuing() {
    JsonObject continuing = forEncoding();
    continuing.add(NORMALIZER, withoutPrefix(continuing.get(NORMALIZER)));
    continuing.add(PRE_TOKENIZER, withoutPrefix(continuing.get(PRE_TOKENIZER)));
    return continuing;
  }

  /** Takes the blank away that SentencePiece and others put before a text. */
  private static JsonElement withoutPrefix(JsonElement part) {
    if (part == null || !part.isJsonObject()) {
      return JsonNull.INSTANCE;
    }
    JsonObject own = part.getAsJsonObject();
    String type = own.has(TYPE) ? own.get(TYPE).getAsString() : "";
    switch (type) {
      case "Prepend" -> {
        return JsonNull.INSTANCE;
      }
      case "Metaspace" -> {
        own.addProperty("add_prefix_space", false);
        own.addProperty("prepend_scheme", "never");
      }
      case "ByteLevel" -> own.addProperty("add_prefix_space", false);
      case "Sequence" -> {
        String parts = own.has("normalizers") ? "normalizers" : "pretokenizers";
        JsonArray kept = new JsonArray();
        for (JsonElement each : own.getAsJsonArray(parts)) {
          JsonElement without = withoutPrefix(each);
          if (!without.isJsonNull()) {
            kept.add(without);
          }
        }
        own.add(parts, kept);
      }
      default -> {}
    }
    return own;
  }

  private static String hidden(int id) {
    return RESERVED + id;
  }

  /** Since its version 0.20 the library writes a merge as a pair of texts, not as one. */
  private void joinMerges() {
    JsonElement merges = new JsonFields(json).object(MODEL).get(MERGES);
    if (merges == null || !merges.isJsonArray()) {
      return;
    }
    JsonArray joined = new JsonArray();
    for (JsonElement merge : merges.getAsJsonArray()) {
      joined.add(merge.isJsonArray() ? new JsonPrimitive(joined(merge.getAsJsonArray())) : merge);
    }
    json.getAsJsonObject(MODEL).add(MERGES, joined);
  }

  private static String joined(JsonArray pair) {
    if (pair.size() != 2) {
      throw new IllegalArgumentException("a merge must be of two tokens: " + pair);
    }
    String left = pair.get(0).getAsString();
    String right = pair.get(1).getAsString();
    if (left.contains(" ") || right.contains(" ")) {
      throw new IllegalArgumentException("merges of tokens with blanks are not read: " + pair);
    }
    return left + " " + right;
  }

  private void addModelTokens() {
    JsonElement vocabulary = json.getAsJsonObject(MODEL).get(VOCAB);
    if (vocabulary == null) {
      return;
    }
    if (vocabulary.isJsonObject()) {
      JsonFields fields = new JsonFields(vocabulary.getAsJsonObject());
      fields.json().keySet().forEach(text -> add(text, fields.size(text)));
      return;
    }
    int id = 0;
    for (JsonElement pair : vocabulary.getAsJsonArray()) {
      add(pair.getAsJsonArray().get(0).getAsString(), id++);
    }
  }

  private void addAddedTokens() {
    for (JsonElement added : addedTokens(json)) {
      JsonFields token = new JsonFields(added.getAsJsonObject());
      int id = token.size("id");
      add(token.string(CONTENT), id);
      if (new JsonPrimitive(true).equals(token.json().get("special"))) {
        control.add(id);
      }
    }
  }

  private static JsonArray addedTokens(JsonObject json) {
    JsonElement added = json.get(ADDED);
    return added == null || added.isJsonNull() ? new JsonArray() : added.getAsJsonArray();
  }

  private void add(String text, int id) {
    String otherText = texts.put(id, text);
    Integer otherId = ids.put(text, id);
    if (otherText != null && !otherText.equals(text)) {
      throw new IllegalArgumentException(
          "the id %d is of two tokens, \"%s\" and \"%s\"".formatted(id, otherText, text));
    }
    if (otherId != null && otherId != id) {
      throw new IllegalArgumentException(
          "the token \"%s\" has two ids, %d and %d".formatted(text, otherId, id));
    }
  }

  /** Gives each id below the greatest a token, so that the library counts as the file does. */
  private void fillGaps() {
    if (size() - texts.size() > MOST_GAPS) {
      throw new IllegalArgumentException(
          "%s ids up to %d"
              .formatted(Counted.of(texts.size(), "token has", "tokens have"), size() - 1));
    }
    JsonElement vocabulary = json.getAsJsonObject(MODEL).get(VOCAB);
    TreeMap<Integer, JsonElement> added = new TreeMap<>();
    addedTokens(json).forEach(token -> added.put(id(token.getAsJsonObject()), token));
    int ofModel = greatestOfModel(vocabulary);
    for (int id = 0; id < size(); id++) {
      if (!isToken(id) && id <= ofModel) {
        vocabulary.getAsJsonObject().addProperty(hidden(id), id);
      } else if (!isToken(id)) {
        added.put(id, filler(id));
      }
    }
    JsonArray inOrder = new JsonArray();
    added.values().forEach(inOrder::add);
    json.add(ADDED, inOrder);
  }

  private static int greatestOfModel(JsonElement vocabulary) {
    if (vocabulary == null || !vocabulary.isJsonObject()) {
      return -1; // an array has no gaps
    }
    return vocabulary.getAsJsonObject().asMap().values().stream()
        .mapToInt(JsonElement::getAsInt)
        .max()
        .orElse(-1);
  }

  private static JsonObject filler(int id) {
    JsonObject token = new JsonObject();
    token.addProperty("id", id);
    token.addProperty(CONTENT, hidden(id));
    for (String flag : List.of("single_word", "lstrip", "rstrip", "normalized", "special")) {
      token.addProperty(flag, false);
    }
    return token;
  }

  /** Returns ids whose tokens are a few small letters: ordinary pieces of words. */
  List<Integer> ordinary(int most) {
    List<Integer> ordinary = new ArrayList<>();
    for (Map.Entry<Integer, String> token : texts.entrySet()) {
      boolean isOrdinary = token.getValue().matches("[a-z]{1,3}") && !isControl(token.getKey());
      if (isOrdinary && ordinary.size() < most) {
        ordinary.add(token.getKey());
      }
    }
    return ordinary;
  }
}
