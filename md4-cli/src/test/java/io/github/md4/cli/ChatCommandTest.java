// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static io.github.md4.cli.Ran.md4;
import static io.github.md4.cli.Ran.words;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.md4.core.chat.ChatMessage;
import io.github.md4.core.published.ChatFormat;
import io.github.md4.core.token.Tokenizer;
import io.github.md4.sample.Chat;
import io.github.md4.sample.MaskedDiffusion;
import io.github.md4.sample.SamplingOptions;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Conversations with a published model of random weights and a chat template of our own. */
@Tag("exact")
final class ChatCommandTest {
  private static final Path PEERS = Path.of("../md4-core/src/test/resources/peers");
  private static final String TEMPLATE =
      "{% for m in messages %}{{ '<|start_header_id|> ' ~ ('w1' if m['role'] == 'user' else 'w2')"
          + " ~ ' <|end_header_id|> ' ~ m['content'] | trim ~ ' <|eot_id|> ' }}{% endfor %}"
          + "{% if add_generation_prompt %}{{ '<|start_header_id|> w2 <|end_header_id|>' }}{% endif %}";
  private static final int END_OF_TEXT = 70;
  private static final int USER_HEADER = 71;
  private static final int HEADER_END = 73;
  private static final int TURN_END = 74;

  @TempDir private Path folder;
  private Path model;

  @BeforeEach
  void copy() throws IOException {
    model = Files.createDirectory(folder.resolve("llada"));
    try (Stream<Path> files = Files.list(PEERS.resolve("llada"))) {
      for (Path file : files.toList()) {
        Files.copy(file, model.resolve(file.getFileName()));
      }
    }
    settings("\"chat_template\": \"" + TEMPLATE + "\"");
  }

  private void settings(String more) throws IOException {
    Files.writeString(
        model.resolve("tokenizer_config.json"), "{\"eos_token\": \"<|endoftext|>\", " + more + "}");
  }

  private Ran chat(String typed, Object... options) {
    InputStream before = System.in;
    System.setIn(new ByteArrayInputStream(typed.getBytes(StandardCharsets.UTF_8)));
    try {
      List<Object> all = new ArrayList<>(List.of("chat", "--device", "cpu", "--model", model));
      all.addAll(List.of(options));
      return md4(all.toArray());
    } finally {
      System.setIn(before);
    }
  }

  private ChatFormat format() throws IOException {
    return ChatFormat.read(model, Optional.empty());
  }

  @Test
  void prompt_hasSpecialTokensForTheirTexts() throws IOException {
    assertThat(format().prompt(List.of(ChatMessage.user(" w5 w6 "))))
        .containsExactly(USER_HEADER, 1, HEADER_END, 5, 6, TURN_END, USER_HEADER, 2, HEADER_END);
    assertThat(format().ends()).containsExactlyInAnyOrder(END_OF_TEXT, TURN_END);
    assertThat(format().sampler()).contains("llada");
  }

  @Test
  void answers_areTheLibrarys() throws IOException {
    Ran ran =
        chat("w5 w6\n\n w7\n", "--length", "8", "--steps", "4", "--block", "4", "--seed", "3");
    assertThat(ran.code()).isZero();
    List<String> expected = new ArrayList<>();
    try (MaskedDiffusion loaded = MaskedDiffusion.load(model)) {
      Chat chat = new Chat(loaded, format(), List.of());
      SamplingOptions options =
          SamplingOptions.defaults()
              .sampler("llada(4, 4, low-confidence, 0.0)")
              .temperature(0)
              .seed(3);
      List<int[]> states = new ArrayList<>();
      Chat.Answer first = chat.answer("w5 w6", 8, options, states::add);
      assertThat(states).hasSize(first.calls());
      assertThat(states.get(states.size() - 1)).containsExactly(first.tokens());
      assertThat(chat.partial(states.get(states.size() - 1), "_").strip()).isEqualTo(first.text());
      assertThat(chat.partial(states.get(0), "_")).contains("_");
      expected.add(first.text());
      expected.add(chat.answer("w7", 8, options, tokens -> {}).text());
      assertThat(chat.messages()).hasSize(4);
      chat.forget();
      assertThat(chat.messages()).isEmpty();
    }
    assertThat(ran.out().lines()).containsExactlyElementsOf(expected);
  }

  /** The template's own end is made the token that the model says first. */
  @Test
  void answer_endsWhereTheModelEndsItsTurn() throws IOException {
    String all = chat("w5 w6\n", "--length", "6", "--steps", "6", "--block", "1").out().strip();
    String[] said = all.split(" ");
    assertThat(said).hasSize(6);
    String end = said[3];
    int before = List.of(said).indexOf(end);
    String ownEnd = TEMPLATE.replace("<|eot_id|> ", end + " ");
    settings("\"chat_template\": \"" + TEMPLATE + "\"");
    Path tokenizer = model.resolve("tokenizer.json");
    String special = "\"special\": true}]";
    assertThat(Files.readString(tokenizer)).contains(special);
    Files.writeString(
        tokenizer,
        Files.readString(tokenizer)
            .replace(
                special,
                "\"special\": true}, {\"id\": %s, \"content\": \"%s\", \"single_word\": false,"
                        .formatted(end.substring(1), end)
                    + " \"lstrip\": false, \"rstrip\": false, \"normalized\": false, "
                    + special));
    settings("\"chat_template\": \"" + ownEnd + "\"");
    // The turn's own end is another token now, so that the answer may differ: ask what it is.
    assertThat(format().ends()).contains(Integer.parseInt(end.substring(1)));
    Ran ran = chat("w5 w6\n", "--length", "6", "--steps", "6", "--block", "1");
    assertThat(ran.out().split(" ")).doesNotContain(end);
    assertThat(before).isNotNegative();
  }

  /** Random weights draw every token now and then, the two that end a sample among them. */
  @Test
  void sample_stopsAtTheEnd() throws IOException {
    String options =
        "--device cpu --json --sampler first-hitting --count 40 --length 12 --model " + model;
    List<JsonNode> whole = md4(words("sample " + options)).succeeded().jsonLines();
    List<JsonNode> stopped = md4(words("sample --stop-at-end " + options)).succeeded().jsonLines();
    Tokenizer tokenizer = format().tokenizer();
    int ended = 0;
    int saved = 0;
    for (int i = 0; i < whole.size(); i++) {
      int[] expected = tokens(whole.get(i));
      int end = 0;
      while (end < expected.length && expected[end] != END_OF_TEXT && expected[end] != TURN_END) {
        end++;
      }
      ended += end < expected.length ? 1 : 0;
      saved += whole.get(i).path("calls").asInt() - stopped.get(i).path("calls").asInt();
      int[] kept = Arrays.copyOf(expected, end);
      assertThat(Arrays.copyOf(tokens(stopped.get(i)), end)).containsExactly(kept);
      assertThat(stopped.get(i).path("text").asText()).isEqualTo(tokenizer.decode(kept));
    }
    assertThat(ended).isBetween(1, whole.size() - 1);
    assertThat(saved).isPositive();
  }

  private static int[] tokens(JsonNode sample) {
    return StreamSupport.stream(sample.path("tokens").spliterator(), false)
        .mapToInt(JsonNode::asInt)
        .toArray();
  }

  @Test
  void reset_forgetsAndExitEnds() {
    String options = "--length 6 --steps 3 --block 3 --seed 3";
    Ran twice = chat("w5\n/reset\nw5\n/exit\nw6\n", (Object[]) options.split(" "));
    assertThat(twice.out().lines()).hasSize(2);
    assertThat(chat("/help\n").succeeded().out())
        .hasLineCount(2)
        .contains("an answer has at most 128 tokens", "/reset begins anew", "/exit ends");
  }

  @Test
  void badInput_isToldInALine() throws IOException {
    Ran unknown = chat("hello\n", "--length", "4", "--steps", "2", "--block", "2");
    assertThat(unknown.code()).isZero(); // the stand-in leaves out what it does not know
    assertThat(unknown.out()).hasLineCount(1);
    Ran full = chat("w1\n", "--length", "60", "--block", "2");
    assertThat(full.code()).isEqualTo(2);
    assertThat(full.err()).hasLineCount(1).contains("leave no room for 60 more in the model's 64");
    settings("\"chat_template\": \"{% macro m() %}{% endmacro %}\"");
    chat("w1\n")
        .failed(3, "tokenizer_config.json", "no chat template that can be used", "the tag 'macro'");
    settings("\"chat_template\": null");
    chat("w1\n").failed(3, "has no chat template", "--template FILE");
    settings("\"chat_template\": [{\"name\": \"tool_use\", \"template\": \"x\"}]");
    chat("w1\n").failed(3, "none is called default");
    chat("w1\n", "--template", folder.resolve("none.jinja")).failed(3, "none.jinja");
    Files.writeString(model.resolve("chat_template.jinja"), TEMPLATE);
    assertThat(chat("w1\n", "--length", "4", "--block", "2").code()).isZero();
    Ran refused = chat("w1\n", "--template", file("{{ raise_exception('no') }}"));
    assertThat(refused.code()).isEqualTo(2);
    assertThat(refused.err()).contains("the template says: no");
  }

  private Path file(String template) throws IOException {
    return Files.writeString(folder.resolve("own.jinja"), template);
  }
}
