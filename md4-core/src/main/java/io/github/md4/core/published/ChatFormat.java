// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.published;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.UntrustedFile;
import io.github.md4.core.chat.ChatMessage;
import io.github.md4.core.chat.ChatTemplate;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.token.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The form of conversations with a model: its chat template, and the tokens of what the template
 * writes (docs/models.md). Immutable, and safe for several threads.
 */
public final class ChatFormat {
  private static final String SETTINGS = "tokenizer_config.json";
  private static final String TEMPLATE = "chat_template";
  private static final String TEMPLATE_FILE = "chat_template.jinja";

  /** A word that no template has, to find what follows a model's turn. */
  private static final String ANSWER = "mdfouranswer";

  private final ChatTemplate template;
  private final Tokenizer tokenizer;
  private final Map<String, Integer> special;
  private final Optional<String> sampler;

  private ChatFormat(
      ChatTemplate template,
      Tokenizer tokenizer,
      Map<String, Integer> special,
      Optional<String> sampler) {
    this.template = template;
    this.tokenizer = tokenizer;
    this.special = special;
    this.sampler = sampler;
  }

  /**
   * Reads the form of a folder as it was published, or of a model that {@code md4 import} made of
   * one: {@code chat_template.jinja}, or {@code chat_template} in {@code tokenizer_config.json}.
   *
   * @param model the folder
   * @param own the file of another template, in place of the folder's
   * @return the form
   * @throws InvalidDataException if there is no template, or it uses what is not understood
   * @throws IOException if a file cannot be read
   */
  public static ChatFormat read(Path model, Optional<Path> own) throws IOException {
    Path folder = folder(model);
    JsonObject json = settings(folder);
    Source source = own.isPresent() ? Source.of(own.get()) : Source.in(folder, json);
    ChatTemplate template =
        new UntrustedFile(source.file)
            .read(
                "has no chat template that can be used",
                () -> ChatTemplate.parse(source.text, tokens(json)));
    Map<String, Integer> special = TokenizerFiles.read(folder).specialTokens();
    Tokenizer tokenizer = SavedModel.Description.read(model).tokenizer();
    return new ChatFormat(template, tokenizer, special, PublishedCopy.sampler(model));
  }

  /**
   * {@return whether a folder, as it was published or as {@code md4 import} made it, has a chat
   * template of its own}
   *
   * @param model the folder
   * @throws InvalidDataException if its settings are damaged
   * @throws IOException if a file cannot be read
   */
  public static boolean isIn(Path model) throws IOException {
    Path folder = folder(model);
    return Files.isRegularFile(folder.resolve(TEMPLATE_FILE)) || settings(folder).has(TEMPLATE);
  }

  private static Path folder(Path model) {
    return PublishedCopy.isIn(model) ? model.resolve(PublishedCopy.KEPT) : model;
  }

  private static JsonObject settings(Path folder) throws IOException {
    Path settings = folder.resolve(SETTINGS);
    return Files.isRegularFile(settings)
        ? new UntrustedFile(settings).readJson("holds no settings", each -> each)
        : new JsonObject();
  }

  /** The text of a template, and the file that it stands in. */
  private record Source(Path file, String text) {
    static Source of(Path file) throws IOException {
      new UntrustedFile(file).checkExists("; a chat template is expected here");
      return new Source(file, new UntrustedFile(file).text());
    }

    static Source in(Path folder, JsonObject settings) throws IOException {
      Path alone = folder.resolve(TEMPLATE_FILE);
      if (Files.isRegularFile(alone)) {
        return of(alone);
      }
      Path file = folder.resolve(SETTINGS);
      return new Source(
          file,
          new UntrustedFile(file)
              .read("has no chat template", () -> text(settings.get(TEMPLATE), folder)));
    }

    /** Returns the template, or of several the one that is called default. */
    private static String text(JsonElement template, Path folder) {
      if (template == null || template.isJsonNull()) {
        throw new InvalidDataException(
            folder,
            "has no chat template, so it is no model for a chat; --template FILE gives one");
      } else if (template.isJsonPrimitive()) {
        return template.getAsString();
      }
      for (JsonElement each : template.getAsJsonArray()) {
        JsonObject named = each.getAsJsonObject();
        if (named.get("name").getAsString().equals("default")) {
          return named.get("template").getAsString();
        }
      }
      throw new InvalidDataException(
          folder.resolve(SETTINGS), "has several chat templates, of which none is called default");
    }
  }

  /** Returns the texts of the tokens that the settings name, as eos_token. */
  private static Map<String, String> tokens(JsonObject settings) {
    Map<String, String> tokens = new LinkedHashMap<>();
    for (Map.Entry<String, JsonElement> each : settings.entrySet()) {
      JsonElement value = each.getValue();
      if (each.getKey().endsWith("_token") && value.isJsonObject()) {
        value = value.getAsJsonObject().get("content");
      }
      boolean isText =
          value != null && value.isJsonPrimitive() && value.getAsJsonPrimitive().isString();
      if (each.getKey().endsWith("_token") && isText) {
        tokens.put(each.getKey(), value.getAsString());
      }
    }
    return tokens;
  }

  /** {@return the name of its authors' sampler, where the model was published by some} */
  public Optional<String> sampler() {
    return sampler;
  }

  /** {@return the vocabulary of the model} */
  public Tokenizer tokenizer() {
    return tokenizer;
  }

  /**
   * {@return the tokens of a conversation and of the beginning of the model's turn, in [0, V), [N]}
   *
   * @param messages the turns so far
   * @throws IllegalArgumentException if the template refuses them, or the vocabulary lacks a symbol
   */
  public int[] prompt(List<ChatMessage> messages) {
    return encoded(template.prompt(messages));
  }

  /** {@return the tokens that end a turn: the end of a text, and what the template writes there} */
  public Set<Integer> ends() {
    Set<Integer> ends = new LinkedHashSet<>();
    tokenizer.endOfText().ifPresent(ends::add);
    endOfTurn().ifPresent(ends::add);
    return ends;
  }

  private Optional<Integer> endOfTurn() {
    String text =
        template.transcript(List.of(ChatMessage.user(ANSWER), ChatMessage.assistant(ANSWER)));
    String rest = text.substring(text.lastIndexOf(ANSWER) + ANSWER.length()).strip();
    return special.keySet().stream()
        .filter(rest::startsWith)
        .max(Comparator.comparingInt(String::length))
        .map(special::get);
  }

  /** Returns the tokens of a text, in which the special ones stand by their texts. */
  private int[] encoded(String text) {
    List<int[]> parts = new ArrayList<>();
    int first = 0;
    Matcher token = specialPattern().matcher(text);
    while (!special.isEmpty() && token.find()) {
      addPlain(parts, text.substring(first, token.start()));
      parts.add(new int[] {special.get(token.group())});
      first = token.end();
    }
    addPlain(parts, text.substring(first));
    return parts.stream().flatMapToInt(IntStream::of).toArray();
  }

  private Pattern specialPattern() {
    return Pattern.compile(
        special.keySet().stream()
            .sorted(Comparator.comparingInt(String::length).reversed())
            .map(Pattern::quote)
            .collect(Collectors.joining("|")));
  }

  private void addPlain(List<int[]> parts, String text) {
    if (!text.isEmpty()) {
      parts.add(parts.isEmpty() ? tokenizer.encode(text) : tokenizer.encodeContinuing(text));
    }
  }
}
