// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static io.github.md4.cli.Ran.md4;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.md4.cli.failure.OtherWords;
import io.github.md4.cli.help.HelpLayout;
import io.github.md4.cli.option.OptionTypes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

final class HelpTest {
  private static final Pattern WORD = Pattern.compile("(?:\"[^\"]*\"|[^\"\\s])+");
  private static final int NARROW = 80;

  private static CommandLine root() {
    CommandLine root = new CommandLine(new Md4Command());
    OptionTypes.register(root);
    HelpLayout.install(root);
    return root.setCaseInsensitiveEnumValuesAllowed(true);
  }

  private static void each(CommandLine command, Consumer<CommandLine> action) {
    action.accept(command);
    command.getSubcommands().values().forEach(sub -> each(sub, action));
  }

  private static String[] words(String line) {
    List<String> words = new ArrayList<>();
    Matcher matcher = WORD.matcher(line);
    while (matcher.find()) {
      words.add(matcher.group().replace("\"", ""));
    }
    return words.toArray(String[]::new);
  }

  /** Threads are an option wherever the engine computes; only a training's bits depend on them. */
  @Test
  void threads_areOfATrainingOnlyWhereOneIs() {
    for (String command : List.of("train", "plan")) {
      assertThat(threads(command)).isEqualTo(OF_A_TRAINING);
    }
    List<String> others =
        List.of(
            "sample", "evaluate", "bench train", "bench sample", "bench evaluate", "bench model");
    for (String command : others) {
      assertThat(threads(command))
          .as(command)
          .isEqualTo("The number of threads of the engine on a CPU. Default: the engine's choice.");
    }
  }

  private static final String OF_A_TRAINING =
      "The number of threads of the engine on a CPU; the last bits of a training depend on it."
          + " Default: the engine's choice.";

  /** Returns the description of a command's --threads. */
  private static String threads(String words) {
    CommandLine command = root();
    for (String word : words.split(" ", -1)) {
      command = command.getSubcommands().get(word);
    }
    OptionSpec option = command.getCommandSpec().findOption("--threads");
    assertThat(option).as(words).isNotNull();
    return String.join("", option.description());
  }

  /** An example that the command itself refuses would be worse than none. */
  @Test
  void examples_areOfTheirCommandAndParse() {
    List<String> without = new ArrayList<>();
    each(
        root(),
        command -> {
          List<String> examples =
              Arrays.stream(command.getCommandSpec().usageMessage().footer())
                  .dropWhile(line -> !line.equals("%nExamples:"))
                  .map(String::strip)
                  .filter(line -> line.startsWith("md4 "))
                  .toList();
          if (examples.isEmpty()) {
            without.add(command.getCommandSpec().qualifiedName());
          }
          for (String example : examples) {
            assertThat("  " + example).hasSizeLessThanOrEqualTo(NARROW);
            String[] args = words(example.replaceFirst("^md4 ", "").replaceFirst(" \\|.*", ""));
            assertThat(root().parseArgs(args).errors()).as(example).isEmpty();
          }
        });
    assertThat(without).isEmpty();
  }

  /** Java breaks lines within words, as after the full stop of {@code .gz}. */
  @ParameterizedTest
  @ValueSource(ints = {60, 71, NARROW, 93, 100, 120})
  void descriptionsOfOptions_areBrokenBetweenWords(int width) {
    each(
        root(),
        command -> {
          CommandSpec spec = command.getCommandSpec();
          Set<String> words =
              spec.options().stream()
                  .flatMap(option -> Stream.of(option.description()))
                  .flatMap(text -> Stream.of(text.split("\\s+")))
                  .collect(Collectors.toSet());
          command.setUsageHelpAutoWidth(false).setUsageHelpWidth(width);
          List<String[]> lines =
              command.getUsageMessage().lines().map(line -> line.strip().split("\\s+")).toList();
          for (int i = 1; i < lines.size(); i++) {
            String[] before = lines.get(i - 1);
            String last = before[before.length - 1];
            String first = lines.get(i)[0];
            if (!last.isEmpty() && !first.isEmpty()) {
              assertThat(words).as(spec.qualifiedName()).doesNotContain(last + first);
            }
          }
        });
  }

  @ParameterizedTest
  @CsvSource({
    "config schema, 0 1 2 130 141",
    "data text, 0 1 2 3 130 141",
    "compare, 0 1 2 3 130 141",
    "sample, 0 1 2 3 4 130 141",
    "serve, 0 1 2 3 4 130 141",
    "train, 0 1 2 3 4 5 130 141",
  })
  void exitCodes_areThoseThatCanOccur(String command, String codes) {
    String help = md4(Ran.words(command, "--help")).succeeded().out();
    List<String> listed =
        help.lines()
            .dropWhile(line -> !line.equals("Exit codes:"))
            .skip(1)
            .takeWhile(line -> !line.isEmpty())
            .map(line -> line.strip().split(" ", -1)[0])
            .toList();
    assertThat(String.join(" ", listed)).isEqualTo(codes);
  }

  @Test
  void options_standUnderTitlesAndNoneIsLost() {
    String help = md4("sample", "--help").succeeded().out();
    assertThat(help)
        .containsSubsequence(
            "\nOptions:\n",
            "--count=N",
            "\nThe sampler:\n",
            "--sampler=METHOD",
            "\nThe model and the device:\n",
            "--weights=ema|raw",
            "\nFor every command:\n",
            "--stacktrace",
            "\nExit codes:\n",
            "\nExamples:\n");
    each(
        root(),
        command -> {
          String text = command.getUsageMessage();
          command.getCommandSpec().options().stream()
              .filter(option -> !option.hidden())
              .forEach(option -> assertThat(text).contains(option.longestName()));
          assertThat(text.lines()).allMatch(line -> line.length() <= 120);
        });
  }

  @ParameterizedTest
  @ValueSource(strings = {"nonsense --help", "nonsense --version", "train --nonsense --help"})
  void helpBesideWhatIsUnknown_isAnError(String args) {
    md4(Ran.words(args)).failed(2, "nonsense'");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "trian | did you mean train?",
        "sampel run | did you mean sample?",
        "sample run --cuont 3 | did you mean --count?",
        "sample run --temper 1 | did you mean --temperature?",
        "train run --resum-or-start | did you mean --resume-or-start?",
        "help tarin | did you mean train?",
        "help data texts | did you mean text?",
        "sample run -help | Unknown option: '-help'; did you mean --help?",
        "completion bsh | must be bash, zsh or fish: bsh; did you mean bash?",
        "train run.yaml --resume=lastgood | last or last-good: lastgood; did you mean last-good?",
        "data tokens --from x --out y --pack strem | fineweb: strem; did you mean stream?",
        "data tokens --from x --out y --split vald | test: vald; did you mean valid?",
        "data tokens --from x --out y --detokenize wikitxt | wikitxt; did you mean wikitext?",
        "data text --from x --out y --vocabulary char | bytes: char; did you mean chars?",
        "sample run --count 1 --grid cosin | uniform or cosine: cosin; did you mean cosine?",
        "sample run --count 1 --leftovers argmx | drawn: argmx; did you mean argmax?",
        "sample run --count 1 --weights emaa | emaa; did you mean ema?",
        "sample run --count 1 --precision float23 | float23; did you mean float32?",
        "sample run --count 1 --device gup | gup; did you mean gpu?",
        "schedule --schedule cosin | cosin; did you mean cosine?",
        "data txt --from x | did you mean text?",
        "eval run | did you mean evaluate?",
        "data tokens --from x --out y --documents line | until=LINE: line; did you mean lines?",
        "init data | there is no command 'init'; did you mean config init?",
        "version | there is no command 'version'; did you mean --version?",
        "data text --form a.txt --vocabulary chars --out d | did you mean --from?",
        "data text a.txt --vocabulary chars --out d | '--from=FILE'; unexpected argument: 'a.txt'",
        "infill run [MASK] | unexpected argument: '[MASK]'; did you mean --template?",
        "sample run --png a.png | Unknown option: '--png'; md4 sample-images has it",
        "sample run --template a | Unknown option: '--template'; md4 infill and md4 chat have it",
        "sample run --out q.jsonl | Unknown option: '--out'; did you mean --json > FILE?",
        "import --from x --out y | did you mean --to?",
        "export --input x --to y | did you mean --model?",
        "sample-images run --class 3 | did you mean --labels?",
        "schedule --out=x.png | did you mean --plot?",
        "train run.yaml --lr 1 | did you mean --set training.learningRate.base=X?",
      })
  void mistypedNames_areRecognised(String args, String expected) {
    md4(Ran.words(args)).failed(2, expected);
  }

  @Test
  void nonsense_isNotTakenForAnything() {
    assertThat(md4("zzzzzzzz").err()).doesNotContain("did you mean");
    assertThat(Arrays.asList(md4("sample", "x", "--zzzzzzzz").err().split(" ")))
        .doesNotContain("mean");
  }

  /** A name of an option elsewhere must lead to an option that is there, and not be one itself. */
  @Test
  void otherWords_leadToOptions() {
    List<CommandLine> all = new ArrayList<>();
    each(root(), all::add);
    for (OtherWords.Option each : OtherWords.options()) {
      List<CommandLine> of =
          all.stream().filter(command -> each.isOf(command.getCommandSpec())).toList();
      assertThat(of.stream().filter(command -> has(command, each.name())))
          .as(each.toString())
          .isNotEmpty();
      boolean isOfOne = !each.command().isEmpty();
      for (CommandLine command : isOfOne ? of : List.<CommandLine>of()) {
        assertThat(each.others()).noneMatch(other -> has(command, other));
      }
    }
  }

  private static boolean has(CommandLine command, String option) {
    return command.getCommandSpec().findOption(option) != null;
  }
}
