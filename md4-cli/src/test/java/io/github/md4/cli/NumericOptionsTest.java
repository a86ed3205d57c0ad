// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.github.md4.cli.failure.ExitCodes;
import io.github.md4.cli.option.OptionTypes;
import io.github.md4.cli.screen.Head;
import io.github.md4.core.schedule.TimeAxis;
import io.github.md4.core.token.ImageShape;
import io.github.md4.core.token.PixelValues;
import io.github.md4.sample.law.TokenLaw;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/**
 * Every option that takes a number, of every command, with numbers that cannot be meant: they are
 * refused at once in one line that names the option, or the command does what they say in little
 * memory.
 */
@Tag("slow")
final class NumericOptionsTest {
  /** What 64 bits would turn into 0, which many options take. */
  private static final String TOO_NEAR_TO_0 = "1e-400";

  private static final List<String> ABSURD =
      List.of(
          "2147483647",
          "0",
          "-1",
          "9223372036854775807",
          "99999999999999999999",
          "1e308",
          "1e999",
          TOO_NEAR_TO_0,
          "NaN");

  private static final Set<Class<?>> NUMBERS =
      Set.of(
          int.class,
          Integer.class,
          long.class,
          Long.class,
          double.class,
          Double.class,
          TokenLaw.TopK.class,
          TokenLaw.TopP.class,
          TimeAxis.class);

  private static final String EXPERIMENT = " --device cpu --config @/tiny.yaml";
  private static final String IMAGES =
      " --samples @/images/train.bin --reference @/images/train.bin";

  /** What each command needs beside. */
  private static final Map<String, String> CALLS =
      Map.ofEntries(
          Map.entry(
              "bench model",
              " --device cpu --model @/run --lengths 8 --masks 2 --repeats 1 --steps 2"),
          Map.entry("bench evaluate", EXPERIMENT + " --count 1 --vocabulary 9"),
          Map.entry("bench sample", EXPERIMENT + " --steps 2 --count 1 --vocabulary 9"),
          Map.entry("bench train", EXPERIMENT + " --steps 5 --warm-up 1 --vocabulary 9"),
          Map.entry("chat", " --device cpu --steps 2 --model @/run --template @/chat.jinja"),
          Map.entry("data images", " --from @/images.idx --replace --out @/out-images"),
          Map.entry(
              "data tokens",
              " --vocabulary bytes --documents lines --fractions 0.8,0.1 --from @/text.txt"
                  + " --replace --out @/out-tokens"),
          Map.entry("evaluate", " --device cpu --model @/run --chunks 4 --data @/data/valid.bin"),
          Map.entry(
              "evaluate order", " --device cpu --model @/run --chunks 4 --data @/data/valid.bin"),
          Map.entry("evaluate answers", " --device cpu --model @/run --from @/answers.jsonl"),
          Map.entry("evaluate fid", IMAGES + " --device cpu --features @/c.safetensors"),
          Map.entry(
              "evaluate generative",
              " --device cpu --scorer @/gpt2 --samples @/scored.jsonl --ids"),
          Map.entry("infill", " --device cpu --steps 2 --model @/run --template ab[MASK]d"),
          Map.entry("launch", " --processes 1 -- --version"),
          Map.entry("plan", EXPERIMENT + " --seconds 1"),
          Map.entry("plot", " @/run --out @/plot.png"),
          Map.entry("quality", " --reference @/data/train.bin --samples @/samples.jsonl"),
          Map.entry("sample", " --device cpu --steps 2 --model @/run"),
          Map.entry("sample-images", " --device cpu --steps 2 --model @/pixels --png @/x.png"),
          Map.entry("serve", " --device cpu --model @/pixels"),
          Map.entry(
              "schedule", " --model @/learned --train @/data/train.bin --valid @/data/valid.bin"),
          Map.entry("trace", " @/a.ndjson"),
          Map.entry("train", EXPERIMENT + " --resume"));

  /** What an option has an effect with; replaces options of the same name above. */
  private static final Map<String, String> WITH =
      Map.ofEntries(
          Map.entry("--block", " --sampler llada"),
          Map.entry("--prompt-guidance", " --sampler llada"),
          Map.entry("evaluate answers --prompt-guidance", " --rounds 1"),
          Map.entry("--correctors", " --sampler tau-leaping"),
          Map.entry("--order-temperature", " --sampler dream-entropy"),
          Map.entry("--remask-rate", " --sampler remask-cap"),
          Map.entry("--at", " --reconstruct @/text.txt"),
          Map.entry("sample --top", " --distribution @/lines.txt --at 0.5"),
          Map.entry("schedule --top", " --model @/learned"),
          Map.entry("--every", " --watch @/run"),
          Map.entry("--stills", " --html @/x.html"));

  private static final long MOST_BYTES = 1L << 30;

  @TempDir private static Path folder;

  @BeforeAll
  static void prepare() throws IOException {
    System.setIn(InputStream.nullInputStream()); // a chat without questions
    Files.writeString(folder.resolve("chat.jinja"), "{{ messages[0].content }}");
    Files.writeString(folder.resolve("answers.jsonl"), "{\"prompt\": \"a\", \"answer\": \"b\"}");
    TinyTraining tiny = TinyTraining.prepare(folder);
    tiny.train("--set", "sampling.count=0").check();
    tiny.train(
            "--set",
            "sampling.count=0",
            "--set",
            "run=" + folder.resolve("learned"),
            "--set",
            "model.schedule=learned(1)",
            "--set",
            "training.samples=2")
        .check();
    PixelValues pixels = new PixelValues(new ImageShape(1, TinyModel.LENGTH, 1));
    Path unused = new TinyModel(pixels).write(folder.resolve("pixels"), 1);
    unused = FidCommandTest.images(folder, "images", 0);
    unused = FidCommandTest.classifier(folder);
    unused = EvaluateGenerativeCommandTest.scorer(folder);
    unused = EvaluateGenerativeCommandTest.samples(folder);
    Files.writeString(folder.resolve("lines.txt"), "abc de fgh\n");
    Object[] words =
        Ran.words(
            "sample --count 2 --steps 4 --json --device cpu --model",
            folder.resolve("run"),
            "--trace",
            folder.resolve("a.ndjson"));
    Files.writeString(folder.resolve("drawn.jsonl"), Ran.md4(words).succeeded().out());
  }

  static Stream<String> options() {
    List<String> names = new ArrayList<>();
    CommandLine root = new CommandLine(new Md4Command());
    OptionTypes.register(root);
    addOptions(names, root);
    return names.stream();
  }

  private static void addOptions(List<String> to, CommandLine command) {
    String name = command.getCommandSpec().qualifiedName().replaceFirst("^md4 ?", "");
    for (OptionSpec option : command.getCommandSpec().options()) {
      if (option.arity().max() > 0 && NUMBERS.contains(option.typeInfo().getAuxiliaryTypes()[0])) {
        to.add(name + " " + option.longestName());
      }
    }
    command.getSubcommands().values().forEach(sub -> addOptions(to, sub));
  }

  private static String[] words(String command, String option, String value) {
    String with = WITH.getOrDefault(command + " " + option, WITH.getOrDefault(option, ""));
    String base = CALLS.getOrDefault(command, "");
    List<String> words =
        new ArrayList<>(List.of((command + " " + option + "=" + value).split(" ")));
    String own = (option + with).replace(folder.toString(), "");
    String[] given = base.strip().split(" ", -1);
    for (int i = 0; i < given.length; i++) {
      boolean isReplaced =
          given[i].equals(option)
              || (given[i].equals("--model") && own.contains("--watch ")) // one or the other
              || (given[i].startsWith("--") && own.contains(given[i] + " "));
      if (isReplaced) {
        i++;
      } else if (!given[i].isEmpty()) {
        words.add(given[i]);
      }
    }
    words.addAll(List.of(with.strip().split(" ")));
    words.removeIf(String::isEmpty);
    words.replaceAll(word -> word.replace("@", folder.toString()));
    return words.toArray(String[]::new);
  }

  @ParameterizedTest
  @MethodSource("options")
  void absurdNumber_isRefusedByNameOrDone(String commandAndOption) {
    int at = commandAndOption.lastIndexOf(' ');
    String command = commandAndOption.substring(0, at);
    String option = commandAndOption.substring(at + 1);
    for (String value : ABSURD) {
      String[] words = words(command, option, value);
      StringWriter err = new StringWriter();
      long before = allocated();
      int code = Main.execute(Head.of(3_000), new PrintWriter(err), words);
      String about = String.join(" ", words) + ": " + code + " " + err;
      assertThat(code).as(about).isIn(ExitCodes.USAGE, ExitCodes.CLOSED_OUTPUT, taken(command));
      assertThat(value.equals(TOO_NEAR_TO_0) && code != ExitCodes.USAGE).as(about).isFalse();
      if (code == ExitCodes.USAGE) {
        assertThat(err.toString()).as(about).contains(option.substring(2)).hasLineCount(1);
      }
      if (code != ExitCodes.CLOSED_OUTPUT) { // what streams allocates all the while
        assertThat(allocated() - before).as(about).isLessThan(MOST_BYTES);
      }
    }
  }

  /** The server would end at a signal alone: its model is one that it refuses after its numbers. */
  private static int taken(String command) {
    return command.equals("serve") ? ExitCodes.DATA : ExitCodes.DONE;
  }

  private static long allocated() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    return threads.getThreadAllocatedBytes(Thread.currentThread().getId());
  }
}
