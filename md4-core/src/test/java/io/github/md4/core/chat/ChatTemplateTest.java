// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Supplier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What Jinja itself writes is in templates.json; chat_templates.py beside it is its recipe. */
@Tag("golden")
final class ChatTemplateTest {
  private static final List<ChatMessage> TURNS =
      List.of(
          ChatMessage.system("Be brief."), ChatMessage.user("Hello"), ChatMessage.assistant("Hi"));

  static List<JsonObject> cases() throws IOException {
    try (Reader reader =
        new InputStreamReader(
            ChatTemplateTest.class.getResourceAsStream("templates.json"), StandardCharsets.UTF_8)) {
      List<JsonObject> cases = new ArrayList<>();
      JsonParser.parseReader(reader)
          .getAsJsonObject()
          .getAsJsonArray("cases")
          .forEach(each -> cases.add(each.getAsJsonObject()));
      return cases;
    }
  }

  private static ChatTemplate template(String text) {
    return ChatTemplate.parse(text, Map.of("bos_token", "<s>", "eos_token", "</s>"));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void template_writesWhatJinjaWrites(JsonObject given) {
    ChatTemplate template = template(given.get("template").getAsString());
    List<ChatMessage> turns = new ArrayList<>();
    for (JsonElement turn : given.getAsJsonArray("messages")) {
      turns.add(
          new ChatMessage(
              turn.getAsJsonArray().get(0).getAsString(),
              turn.getAsJsonArray().get(1).getAsString()));
    }
    check(given, "prompt", () -> template.prompt(turns));
    check(given, "transcript", () -> template.transcript(turns));
  }

  private static void check(JsonObject given, String field, Supplier<String> ours) {
    JsonElement expected = given.get(field);
    String name = given.get("name").getAsString();
    if (expected.isJsonPrimitive()) {
      assertThat(ours.get()).as(name).isEqualTo(expected.getAsString());
    } else {
      String refused = expected.getAsJsonObject().get("refused").getAsString();
      assertThatThrownBy(ours::get)
          .as(name)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining(refused);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '!',
      quoteCharacter = '`',
      value = {
        "{% macro m() %}{% endmacro %}! the tag 'macro'",
        "{% include 'x' %}! the tag 'include'",
        "{% break %}! the tag 'break'",
        "{{ x | title }}! the filter 'title'",
        "{{ x is callable }}! the test 'callable'",
        "{{ strftime_now('%Y') }}! the function 'strftime_now'",
        "{{ x.format(1) }}! the method 'format'",
        "{{ {'a': 1} }}! writes down an object",
        "{{ 2 ** 3 }}! has **",
        "{{ x(1)(2) }}! the function 'x'"
      })
  void whatIsNotUnderstood_isRefusedByName(String template, String what) {
    assertThatThrownBy(() -> template("{% if false %}" + template + "{% endif %}"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(what.strip());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{{ x",
        "{% if x %}a",
        "{% for x %}{% endfor %}",
        "{# no end",
        "{% endif %}",
        "{{ 'open }}",
        "{{ 1 + }}",
        "{{ a b }}",
        "{{ a[1 }}",
        "{% set = 1 %}",
        "{{ \u0007 }}"
      })
  void noTemplate_isRefused(String template) {
    assertThatThrownBy(() -> template(template))
        .isInstanceOf(IllegalArgumentException.class)
        .satisfies(e -> assertThat(e.getMessage().lines()).hasSize(1));
  }

  @Test
  void template_withoutEndIsStopped() {
    String nested = "{% for a in range(100000) %}".repeat(4) + "x" + "{% endfor %}".repeat(4);
    assertThatThrownBy(() -> template(nested).prompt(TURNS))
        .hasMessageContaining("does not come to an end");
    String doubling = "{% set x = 'aaaaaaaa' %}" + "{% set x = x + x %}".repeat(22) + "{{ x }}";
    String all = doubling + "{{ x }}".repeat(20);
    assertThatThrownBy(() -> template(all).prompt(TURNS))
        .hasMessageContaining("does not come to an end");
  }

  @Test
  void template_thatIsDeepOrLongIsRefused() {
    for (String deep :
        List.of(
            "{{ " + "(".repeat(5_000) + "1" + ")".repeat(5_000) + " }}",
            "{{ " + "not ".repeat(5_000) + "1 }}",
            "{{ " + "-".repeat(5_000) + "1 }}",
            "{{ 1" + " + 1".repeat(5_000) + " }}",
            "{{ a" + ".b".repeat(5_000) + " }}",
            "{% if a %}".repeat(5_000))) {
      assertThatThrownBy(() -> template(deep)).isInstanceOf(IllegalArgumentException.class);
    }
  }

  /** Damaged templates write something or are refused; nothing else is thrown. */
  @Test
  void damage_isRefusedOrHarmless() throws IOException {
    Random random = new Random(5);
    List<JsonObject> all = cases();
    for (int i = 0; i < 3_000; i++) {
      StringBuilder text =
          new StringBuilder(all.get(random.nextInt(all.size())).get("template").getAsString());
      for (int change = 0; change < 3; change++) {
        int at = random.nextInt(text.length());
        String piece = "{}%#()[]'.|-+ a1\\".substring(random.nextInt(16)).substring(0, 1);
        text.replace(at, Math.min(text.length(), at + random.nextInt(3)), piece);
      }
      try {
        assertThat(template(text.toString()).prompt(TURNS)).isNotNull();
      } catch (IllegalArgumentException e) {
        assertThat(e.getMessage()).isNotBlank();
      }
    }
  }
}
