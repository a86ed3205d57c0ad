// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.published;

import io.github.md4.core.model.ModelConfig;
import io.github.md4.core.network.ParameterSpec;
import io.github.md4.core.token.Tokenizer;
import java.io.IOException;
import java.util.List;
import java.util.Set;

/** A family of published models: its configs, and the names of its tensors. */
interface PublishedFamily {

  /** Returns the name on the command line. */
  String name();

  /** Returns the name of its authors' sampler on the command line. */
  String sampler();

  /** Returns whether a config is one of this family. */
  boolean claims(PublishedConfig config);

  /**
   * Returns the network of a config.
   *
   * @param files the tensors and special tokens beside it
   * @throws io.github.md4.core.InvalidDataException if a key is missing, or asks for something that
   *     is not computed here
   */
  Described describe(PublishedConfig config, Surroundings files);

  /**
   * Returns the tokenizer of a folder.
   *
   * @throws io.github.md4.core.InvalidDataException if it is not that of the network
   */
  default Tokenizer tokenizer(TokenizerFiles files, Described described) throws IOException {
    return files.tokenizer(described.vocabularySize(), described.endOfText());
  }

  /** The files beside a config. */
  interface Surroundings {
    /** Returns the names of all tensors. */
    Set<String> tensors();

    /**
     * Returns the id of a special token by the texts that it may have, the likeliest first.
     *
     * @throws io.github.md4.core.InvalidDataException if there is none
     */
    int token(String... texts);
  }

  /**
   * A network as its config describes it.
   *
   * @param config the network, the tokens of a sequence, the objective and its schedule
   * @param vocabularySize V, the mask not counted
   * @param specs names, shapes and initial laws of its parameters, in order
   * @param buffers names of tensors that follow from the config and are not read
   * @param endOfText the id that ends a text, or -1
   */
  record Described(
      ModelConfig config,
      int vocabularySize,
      List<ParameterSpec> specs,
      TensorNames names,
      Set<String> buffers,
      int endOfText) {}

  /** Returns all families, those that are told by one key first. */
  static List<PublishedFamily> all() {
    return List.of(
        new DditFamily.Mdlm(),
        new DditFamily.Bd3lm(),
        new DditFamily.Sedd(),
        new DditFamily.Radd(),
        new LlamaFamily.Llada(),
        new LlamaFamily.Dream(),
        new LlamaFamily.A2d(),
        new Gpt2Family());
  }
}
