// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.Precision;
import io.github.md4.core.token.ImageShape;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Collectors;

/**
 * The shape of a network, of one kind or another. A user's own is a record, whose components are
 * the keys of files, with the one method {@link #network}; the others have answers for a network
 * over text with a time and without classes. Immutable.
 */
public interface NetworkConfig {

  /**
   * {@return the kinds of network by the word that files name them with: those of this library, and
   * those that the class path offers as {@link NetworkKind}}
   *
   * @throws IllegalStateException if two have one name
   */
  static Map<String, Class<? extends NetworkConfig>> kinds() {
    return NetworkKind.all();
  }

  /** {@return the network's input of the time} */
  default TimeFeatures timeFeatures() {
    return TimeFeatures.T;
  }

  /** {@return the number of classes, at least 1, or 0 where there are none} */
  default int classes() {
    return 0;
  }

  /** {@return the size of its images; empty where it takes no images} */
  default Optional<ImageShape> imageShape() {
    return Optional.empty();
  }

  /** {@return whether a position sees only those up to itself} */
  default boolean causal() {
    return false;
  }

  /**
   * {@return the number of positions of a block, where the network unmasks block by block from left
   * to right (BD3-LM); 0 where all positions are seen at once}
   */
  default int blockSize() {
    return 0;
  }

  /** {@return D, the width of the vectors that the network is shown beside tokens, or 0} */
  default int vectorWidth() {
    return 0;
  }

  /** {@return the label of no class, if the network has one} */
  default OptionalInt nullLabel() {
    return OptionalInt.empty();
  }

  /**
   * Checks the length of sequences.
   *
   * @param length N, the number of tokens of a sequence, at least 1
   * @throws IllegalArgumentException unless a sequence of so many tokens fits the network
   */
  default void checkLength(int length) {}

  /** {@return its properties for reports: words and numbers by name} */
  default Map<String, Object> facts() {
    return Map.of("network", toString());
  }

  /** {@return {@link #facts} in a line for people} */
  default String summary() {
    return facts().entrySet().stream()
        .map(fact -> fact.getKey() + " " + fact.getValue())
        .collect(Collectors.joining(", "));
  }

  /**
   * {@return the number of its multiplications; unless overridden, one by each element of each
   * matrix at each token}
   *
   * @param specs names, shapes and initial laws of its parameters, in order
   * @param length N, the number of tokens of a sequence, at least 1
   */
  default Arithmetic arithmetic(List<ParameterSpec> specs, int length) {
    return Arithmetic.ofMatrices(specs);
  }

  /**
   * {@return the network, to be closed by the caller}
   *
   * @param parent the manager, and so the device, under which its tables live
   * @param vocabularySize V, at least 2; the mask is one more
   * @param precision the arithmetic that is asked for; a network may compute in a finer one
   * @throws IllegalArgumentException if the vocabulary does not fit the network
   */
  Network network(NDManager parent, int vocabularySize, Precision precision);
}
