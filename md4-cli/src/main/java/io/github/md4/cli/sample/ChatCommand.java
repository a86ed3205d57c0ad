// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.sample;

import io.github.md4.cli.failure.ExitCodes;
import io.github.md4.cli.model.ModelArgument;
import io.github.md4.cli.model.ModelOptions;
import io.github.md4.cli.option.OptionTypes;
import io.github.md4.cli.screen.Terminal;
import io.github.md4.cli.screen.Visible;
import io.github.md4.core.chat.ChatMessage;
import io.github.md4.core.internal.text.Counted;
import io.github.md4.core.model.ModelFolder;
import io.github.md4.core.model.Weights;
import io.github.md4.core.published.ChatFormat;
import io.github.md4.sample.Chat;
import io.github.md4.sample.MaskedDiffusion;
import io.github.md4.sample.SamplingOptions;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The command {@code md4 chat}. */
@Command(
    name = "chat",
    description = {
      "Answers what is typed, line by line, with a published model that has a chat template. In a"
          + " terminal an answer is shown while it is unmasked.",
      "/reset begins anew, /help says what there is; /exit, or the end of the input, ends. Without a"
          + " terminal, the exit code is 2 if a question had no answer."
    },
    sortOptions = false,
    footer = {
      "%nExamples:",
      "  md4 chat LLaDA-8B-Instruct --precision bfloat16",
      "  echo \"What is a mask?\" | md4 chat models/llada --length 64 --steps 32"
    })
public final class ChatCommand implements Callable<Integer> {
  private static final String RESET = "/reset";
  private static final String EXIT = "/exit";
  private static final String HELP = "/help";
  private static final String HOLE = "\u2591";

  @Spec private CommandSpec spec;

  @Mixin private ModelArgument folder;

  @Option(
      names = "--length",
      paramLabel = "N",
      converter = OptionTypes.Amount.class,
      description = "The most tokens of an answer. Default: ${DEFAULT-VALUE}.")
  private int length = 128;

  @Option(
      names = "--system",
      paramLabel = "TEXT",
      description = "Instructions for the model, before the first question.")
  private String system;

  @Option(
      names = "--template",
      paramLabel = "FILE.jinja",
      description = "A chat template in the place of the model's own.")
  private Path template;

  @Mixin private SamplerOptions sampler;

  @Mixin private ModelOptions options;

  @Override
  public Integer call() throws IOException {
    Path found = ModelFolder.find(folder.path(), Weights.EMA);
    ChatFormat format = ChatFormat.read(found, Optional.ofNullable(template));
    format.sampler().ifPresent(sampler::setDefaultSampler);
    SamplingOptions unused = sampler.options(); // a wrong one fails before the model is read
    List<ChatMessage> beginning = system == null ? List.of() : List.of(ChatMessage.system(system));
    try (MaskedDiffusion model = options.generator(folder.path())) {
      sampler.fitTo(model);
      boolean isSeen = Terminal.isDialogue();
      boolean isWhole = converse(new Chat(model, format, beginning), sampler.options(), isSeen);
      return isWhole || isSeen ? ExitCodes.DONE : ExitCodes.USAGE;
    }
  }

  /** Answers until the input ends; returns whether every question had an answer. */
  private boolean converse(Chat chat, SamplingOptions sampling, boolean isSeen) throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    boolean isWhole = true;
    if (isSeen) {
      greet();
    }
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    while (true) {
      if (isSeen) {
        out.print("> ");
        out.flush();
      }
      String line = in.readLine();
      if (line == null && isSeen) {
        out.println(); // the prompt of a shell begins a line
      }
      if (line == null || line.strip().equals(EXIT) || out.checkError()) {
        return isWhole;
      } else if (line.strip().equals(RESET)) {
        chat.forget();
      } else if (line.strip().equals(HELP)) {
        greet();
      } else if (!line.isBlank()) {
        isWhole &= answer(chat, line.strip(), sampling, isSeen);
      }
    }
  }

  private void greet() {
    PrintWriter out = spec.commandLine().getOut();
    out.println(
        "%s: each line is a question, an answer has at most %s"
            .formatted(Visible.of(folder.path().toString()), Counted.of(length, "token")));
    out.println("%s begins anew, %s says this, %s ends".formatted(RESET, HELP, EXIT));
  }

  /** Answers a question; returns whether there was an answer. */
  private boolean answer(Chat chat, String question, SamplingOptions sampling, boolean isSeen) {
    PrintWriter out = spec.commandLine().getOut();
    LiveText live = new LiveText(out, Terminal.size());
    Consumer<int[]> progress =
        isSeen ? tokens -> live.show(chat.partial(tokens, HOLE)) : tokens -> {};
    try {
      Chat.Answer answer = chat.answer(question, length, sampling, progress);
      if (isSeen) {
        live.erase();
      }
      out.println(shown(answer.text()));
      if (!answer.hasEnded()) {
        tell("the answer has not ended within --length, %s".formatted(Counted.of(length, "token")));
      }
      return true;
    } catch (Chat.TooLongException e) {
      tell(
          "%s; %s forgets what was said, and a smaller --length leaves more room"
              .formatted(e.getMessage(), RESET));
      return false;
    } catch (IllegalArgumentException e) {
      tell(e.getMessage());
      return false;
    }
  }

  /** Returns a text without signs that a terminal obeys; lines stay lines. */
  private static String shown(String text) {
    return String.join("\n", text.lines().map(Visible::of).toList());
  }

  private void tell(String line) {
    spec.commandLine().getErr().println("md4: " + Visible.of(line));
    spec.commandLine().getErr().flush();
  }
}
