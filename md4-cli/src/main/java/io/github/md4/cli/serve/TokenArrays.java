// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.serve;

import com.fasterxml.jackson.databind.JsonNode;

/** Arrays of tokens in requests. */
final class TokenArrays {
  private TokenArrays() {}

  /**
   * Returns tokens, at least one and at most the model's length.
   *
   * @throws Refusal if they are no array of the vocabulary's tokens
   */
  static int[] of(String name, JsonNode array, ServedModel served) {
    for (int i = 0; i < array.size(); i++) {
      check(!array.get(i).isNull(), name, served, i);
    }
    return withHoles(name, array, served);
  }

  /** As {@link #of}; null is a hole, which becomes the mask. */
  static int[] withHoles(String name, JsonNode array, ServedModel served) {
    int length = served.length();
    if (!array.isArray() || array.isEmpty() || array.size() > length) {
      throw Refusal.wrong(name, "%s must be an array of 1 to %d tokens".formatted(name, length));
    }
    int[] tokens = new int[array.size()];
    for (int i = 0; i < tokens.length; i++) {
      JsonNode each = array.get(i);
      check(each.isNull() || isToken(each, served), name, served, i);
      tokens[i] = each.isNull() ? served.mask() : each.intValue();
    }
    return tokens;
  }

  private static boolean isToken(JsonNode node, ServedModel served) {
    return node.isIntegralNumber()
        && node.canConvertToInt()
        && node.intValue() >= 0
        && node.intValue() < served.mask();
  }

  private static void check(boolean holds, String name, ServedModel served, int number) {
    if (!holds) {
      throw Refusal.wrong(
          name,
          "%s must be whole numbers in [0, %d): number %d is none"
              .formatted(name, served.mask(), number));
    }
  }
}
