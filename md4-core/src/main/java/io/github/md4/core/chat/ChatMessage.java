// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.chat;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/**
 * A turn of a conversation.
 *
 * @param role who speaks, as the template names it: {@code system}, {@code user} or {@code
 *     assistant}
 * @param content the words, not null
 */
public record ChatMessage(String role, String content) {

  /**
   * Checks that both are there.
   *
   * @param role who speaks, as the template names it: {@code system}, {@code user} or {@code
   *     assistant}
   * @param content the words, not null
   * @throws NullPointerException if one is null
   */
  public ChatMessage {
    Objects.requireNonNull(role, "role");
    Objects.requireNonNull(content, "content");
  }

  /**
   * {@return what a conversation begins with}
   *
   * @param content instructions for the model
   */
  public static ChatMessage system(String content) {
    return new ChatMessage("system", content);
  }

  /**
   * {@return what a person says}
   *
   * @param content the words, not null
   */
  public static ChatMessage user(String content) {
    return new ChatMessage("user", content);
  }

  /**
   * {@return what a model says}
   *
   * @param content the words, not null
   */
  public static ChatMessage assistant(String content) {
    return new ChatMessage("assistant", content);
  }

  /** Returns the turn as a template sees it. */
  Map<String, Object> asData() {
    Map<String, Object> data = new LinkedHashMap<>();
    data.put("role", role);
    data.put("content", content);
    return data;
  }
}
