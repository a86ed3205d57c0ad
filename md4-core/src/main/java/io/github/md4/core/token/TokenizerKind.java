// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.token;

import com.google.gson.JsonObject;
import io.github.md4.core.Choices;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;

/**
 * A kind of tokenizer of a user's own, under the type that {@code tokenizer.json} gives it.
 *
 * <p>Implementations are found by {@link ServiceLoader} and have a public constructor without
 * parameters.
 */
public interface TokenizerKind {

  /** {@return the type in files, none of this library's} */
  String type();

  /**
   * {@return the tokenizer whose {@link Tokenizer#toJson} this is}
   *
   * @param json the JSON object that describes the tokenizer, its {@code type} included
   * @throws IllegalArgumentException if it is none
   */
  Tokenizer fromJson(JsonObject json);

  /**
   * {@return the kind of a type}
   *
   * @param type the type, as the JSON of a tokenizer names it
   * @throws IllegalArgumentException if none on the class path has it; the message lists them
   */
  static TokenizerKind of(String type) {
    List<String> types =
        new ArrayList<>(
            List.of(
                "characters",
                "bytes",
                "gpt2",
                "huggingface",
                "symbols",
                "words",
                "pixels",
                "classes",
                "published"));
    for (TokenizerKind kind :
        ServiceLoader.load(TokenizerKind.class, TokenizerKind.class.getClassLoader())) {
      if (kind.type().equals(type)) {
        return kind;
      }
      types.add(kind.type());
    }
    throw new IllegalArgumentException(
        "type must be %s: \"%s\"".formatted(Choices.alternatives(types), type));
  }
}
