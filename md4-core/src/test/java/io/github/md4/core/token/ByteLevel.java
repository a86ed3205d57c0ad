// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.token;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;

/** The smallest tokenizer.json of byte pairs: 256 bytes, the pair "th", and the end of text. */
final class ByteLevel {
  private static final String HEAD =
      """
      {"version": "1.0", "truncation": null, "padding": null, "normalizer": null,
       "post_processor": null,
       "added_tokens": [{"id": 257, "content": "<|endoftext|>", "single_word": false,
         "lstrip": false, "rstrip": false, "normalized": false, "special": true}],
       "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true,
         "use_regex": true},
       "decoder": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true,
         "use_regex": true},
       "model": {"type": "BPE", "dropout": null, "unk_token": null,
         "continuing_subword_prefix": null, "end_of_word_suffix": null, "fuse_unk": false,
         "byte_fallback": false}}
      """;

  private ByteLevel() {}

  static HuggingFaceJson tokenizer() {
    JsonObject vocabulary = new JsonObject();
    int moved = 0;
    for (int b = 0; b < 256; b++) {
      boolean isPrintable = (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174;
      int codePoint = isPrintable ? b : 256 + moved++;
      vocabulary.addProperty(Character.toString(codePoint), b);
    }
    vocabulary.addProperty("th", 256);
    JsonArray merges = new JsonArray();
    merges.add("t h");
    JsonObject json = JsonParser.parseString(HEAD).getAsJsonObject();
    json.getAsJsonObject("model").add("vocab", vocabulary);
    json.getAsJsonObject("model").add("merges", merges);
    return HuggingFaceJson.of(json.toString());
  }
}
