// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.chat;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * The text of a conversation as a model was trained to read it, written by a template in the part
 * of Jinja that published chat templates use: {@code if}, {@code for}, {@code set}, slices, {@code
 * namespace}, and the usual filters, tests and methods of texts (docs/models.md). White space
 * around tags is that of transformers (trim_blocks, lstrip_blocks). Immutable, and safe for many
 * threads.
 */
public final class ChatTemplate {
  private final Statement template;
  private final Map<String, String> tokens;

  private ChatTemplate(Statement template, Map<String, String> tokens) {
    this.template = template;
    this.tokens = tokens;
  }

  /**
   * Reads a template.
   *
   * @param template its text
   * @param tokens texts that the template names, such as {@code bos_token} and {@code eos_token}
   * @return the template
   * @throws IllegalArgumentException if it is none; or if it uses what is not understood here,
   *     which is named
   */
  public static ChatTemplate parse(String template, Map<String, String> tokens) {
    return new ChatTemplate(Jinja.parse(template), Map.copyOf(tokens));
  }

  /**
   * {@return the text of a conversation and of the beginning of the model's next turn}
   *
   * @param messages the turns so far, in order
   * @throws IllegalArgumentException if the template refuses them, as roles that do not alternate
   */
  public String prompt(List<ChatMessage> messages) {
    return written(messages, true);
  }

  /**
   * {@return the text of a conversation that has ended}
   *
   * @param messages all turns, in order
   * @throws IllegalArgumentException if the template refuses them
   */
  public String transcript(List<ChatMessage> messages) {
    return written(messages, false);
  }

  private String written(List<ChatMessage> messages, Object hasNextTurn) {
    Map<String, Object> data = new LinkedHashMap<>(tokens);
    data.put(
        "messages",
        messages.stream().<Object>map(ChatMessage::asData).collect(Collectors.toList()));
    data.put("add_generation_prompt", hasNextTurn);
    data.put("tools", null);
    data.put("documents", null);
    return Jinja.written(template, data);
  }
}
