// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static io.github.md4.cli.Ran.md4;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.github.md4.cli.engine.DeviceChoice;
import io.github.md4.core.schedule.Curve;
import io.github.md4.sample.method.SamplingMethod;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The scripts are read by the shells themselves, where these are there. */
final class CompletionTest {
  private static final Map<String, OpenShell> OPEN = new HashMap<>();

  @TempDir private static Path folder;

  @BeforeAll
  static void makeFilesToOffer() throws IOException {
    Files.createFile(folder.resolve("config.yaml"));
    Files.createFile(folder.resolve("golden.json"));
  }

  @AfterAll
  static void closeShells() {
    OPEN.values().forEach(OpenShell::close);
  }

  /** Has a shell that has read its script run a program of one line. */
  private static String run(String shell, String program) throws IOException {
    assumeThat(Shells.isThere(shell)).as(shell + " is there").isTrue();
    if (!OPEN.containsKey(shell)) {
      Path script = folder.resolve("script." + shell);
      Files.writeString(script, md4("completion", shell).succeeded().out());
      String prologue = shell.equals("zsh") ? ZSH : "source SCRIPT";
      OPEN.put(shell, OpenShell.start(shell, prologue.replace("SCRIPT", script.toString())));
    }
    return OPEN.get(shell).run(program);
  }

  /** Returns the program that has bash complete a line, whose words are parted as bash does. */
  private static String bash(String line) {
    String words = line.replaceAll("[=:]+", " $0 ").replaceAll(" +", " ");
    List<String> parted =
        Arrays.stream((line.endsWith(" ") ? words : words.strip()).split(" ", -1))
            .map(word -> "'" + word + "'")
            .toList();
    return "compopt() { :; }; COMP_WORDS=(%s); COMP_CWORD=%d; _md4; printf '%%s\\n' \"${COMPREPLY[@]}\""
        .formatted(String.join(" ", parted), parted.size() - 1);
  }

  @ParameterizedTest
  @CsvSource({
    "md4 tra, train",
    "md4 sample-, sample-images",
    "md4 data tex, text8 text",
    "md4 --stacktrace data tex, text8 text",
    "md4 sample --cou, --count",
    "md4 evaluate gen, generative",
    "md4 sample --sampler con, confidence",
    "md4 help sam, sample sample-images",
    "md4 sample --weights=r, raw",
    "md4 sample runs --draw=, exact reference",
    "md4 train --resume=, last last-good",
    "md4 sample --draw ex, exact",
  })
  void bash_completesCommandsOptionsAndChoices(String line, String expected) throws Exception {
    assertThat(run("bash", bash(line)).lines()).contains(expected.split(" "));
  }

  @Test
  void bash_offersNothingElse() throws Exception {
    assertThat(run("bash", bash("md4 train --resume=")).lines())
        .containsExactly("last", "last-good");
    assertThat(run("bash", bash("md4 train --config c.yaml --s")).lines())
        .containsExactly("--set", "--stacktrace");
    assertThat(run("bash", bash("md4 sample --steps ")).strip()).isEmpty();
    assertThat(run("bash", bash("md4 train --resume ")).strip()).isEmpty();
  }

  /** In bash files are readline's, which is asked for them. */
  @ParameterizedTest
  @CsvSource({
    "'md4 train --config ', yes",
    "md4 data tokens --vocabulary=x, yes",
    "md4 import --check=, yes",
    "md4 plot r, yes",
    "md4 train --set data.train=, yes",
    "'md4 sample --steps ', no",
    "md4 train --device=, no",
    "md4 train --device=gpu:, no",
    "md4 train --set training.kernels=, no",
    "md4 train --set training.steps=, no",
  })
  void bash_offersFilesWhereTheyMayBe(String line, String expected) throws Exception {
    String asked = bash(line).replace("compopt() { :; }", "compopt() { echo \"$@\"; }");
    assertThat(run("bash", asked).contains("-o default")).isEqualTo(expected.equals("yes"));
  }

  /**
   * What zsh would offer is what its completions give to {@code compadd}. After each line its tab
   * empties the line for the next.
   */
  private static final String ZSH =
      """
      zmodload zsh/zpty
      zpty typed zsh -f -i
      zpty -w typed 'autoload -U compinit; compinit -u -D; source SCRIPT'
      zpty -w typed 'compadd() { local -a hits; builtin compadd -A hits "$@"; print -rl -- $hits >>SCRIPT.out; builtin compadd "$@" }'
      zpty -w typed 'tab() { zle complete-word; BUFFER=; print END >>SCRIPT.out }'
      zpty -w typed 'zle -N tab; bindkey "^I" tab; print END >SCRIPT.out'
      ended() { until grep -qsx END SCRIPT.out; do zpty -r -t typed >/dev/null; sleep 0.01; done }
      ended
      offered() {
        : >SCRIPT.out
        zpty -w -n typed "$1"$'\t'
        ended
        grep -vx END SCRIPT.out || true
      }
      """;

  @ParameterizedTest
  @CsvSource({
    "md4 tra, train trace",
    "md4 data tex, text8 text",
    "md4 sample --cou, --count",
    "md4 sample runs --cou, --count",
    "md4 evaluate gen, generative",
    "md4 evaluate run --pas, --passes",
    "md4 sample --weights=r, raw",
    "md4 sample runs --sampler con, confidence",
    "md4 train --resume=, last last-good",
    "md4 help sam, sample sample-images",
    "md4 train --config FOLDER/conf, config.yaml",
  })
  void zsh_completesCommandsOptionsChoicesAndFiles(String line, String expected) throws Exception {
    List<String> offered =
        run("zsh", zsh(line.replace("FOLDER", folder.toString())))
            .lines()
            .map(offer -> offer.replaceFirst("[=:].*", ""))
            .toList();
    assertThat(offered).contains(expected.split(" "));
  }

  @ParameterizedTest
  @CsvSource({
    "md4 tra, train",
    "md4 data tex, text8 text",
    "md4 sample --cou, --count",
    "md4 sample runs --cou, --count",
    "md4 evaluate gen, generative",
    "md4 evaluate run --pas, --passes",
    "md4 sample --weights , ema raw",
    "md4 completion , bash zsh fish",
    "md4 sample runs --sampler , ancestral confidence",
    "md4 sample --sampler=con, --sampler=confidence",
    "md4 train --resume=, --resume=last --resume=last-good",
    "md4 help sam, sample sample-images",
  })
  void fish_completesCommandsOptionsAndChoices(String line, String expected) throws Exception {
    String typed = line.matches(".*(weights|completion|sampler)") ? line + " " : line;
    List<String> offered =
        run("fish", fish(typed)).lines().map(offer -> offer.split("\t", -1)[0]).toList();
    assertThat(offered).contains(expected.split(" "));
  }

  private static String zsh(String line) {
    return "offered '" + line + "'";
  }

  private static String fish(String line) {
    return "complete -C '" + line + "'";
  }

  private static Stream<Arguments> known() {
    Map<String, String> lines = new LinkedHashMap<>();
    lines.put("md4 train --device=", "cpu gpu gpu:");
    lines.put("md4 sample runs --device ", "cpu gpu gpu:");
    lines.put("md4 train --set training.k", "training.kernels=");
    lines.put("md4 plan --set=training.", "training.steps= training.optimizer.beta1=");
    lines.put("md4 train --set training.kernels=", "auto torchscript fused");
    lines.put("md4 bench train --set=training.tf32=", "true false");
    lines.put("md4 config show --set model.network.kind=d", "dit ddit");
    lines.put("md4 config show --explain training.st", "training.steps");
    lines.put("md4 data tokens --vocabulary=", "gpt2 bytes chars");
    lines.put("md4 data tokens --documents ", "lines until=");
    lines.put("md4 evaluate order --order ", "left-to-right right-to-left random");
    lines.put("md4 evaluate --suite=", "zero-shot");
    lines.put("md4 schedule --schedule ", "cosine geometric");
    lines.put("md4 serve --sampler=dre", "dream-origin dream-entropy");
    lines.put("md4 plot --split=", "train valid");
    lines.put("md4 plot --metric ", "emaBitsPerToken rawBitsPerToken");
    lines.put("md4 launch --processes 2 -- ev", "evaluate");
    return lines.entrySet().stream()
        .flatMap(
            line ->
                Stream.of("bash", "zsh", "fish")
                    .map(shell -> Arguments.of(shell, line.getKey(), line.getValue())));
  }

  /** Of what is offered, bash is given what is behind the last {@code =}; others the whole word. */
  private static List<String> offered(String shell, String line) throws Exception {
    String program =
        switch (shell) {
          case "bash" -> bash(line);
          case "zsh" -> zsh(line);
          default -> fish(line);
        };
    return run(shell, program)
        .lines()
        .map(offer -> offer.split("\t", -1)[0].replaceFirst("^.*[=:](?=.)", ""))
        .toList();
  }

  @ParameterizedTest
  @MethodSource("known")
  void everyShell_offersTheValuesThatAreKnown(String shell, String line, String expected)
      throws Exception {
    assertThat(offered(shell, line)).contains(expected.split(" "));
  }

  @ParameterizedTest
  @ValueSource(strings = {"zsh", "fish"})
  void files_areOfferedBesideChoices(String shell) throws Exception {
    for (String line :
        List.of(
            "data tokens --vocabulary ", "import --check=", "plot ", "train --set data.train=")) {
      assertThat(offered(shell, "md4 " + line + folder + "/gol"))
          .anyMatch(offer -> offer.endsWith("golden.json"));
    }
  }

  @Test
  void whatIsOffered_isAccepted() throws Exception {
    assertThat(offered("bash", "md4 schedule --schedule "))
        .isNotEmpty()
        .allSatisfy(each -> assertThat(Curve.parse(each)).isNotNull());
    assertThat(offered("bash", "md4 serve --sampler "))
        .isNotEmpty()
        .allSatisfy(each -> assertThat(SamplingMethod.parse(each)).isNotNull());
    assertThat(offered("bash", "md4 train --device=gpu"))
        .containsExactly("gpu", "gpu:")
        .allSatisfy(each -> assertThat(DeviceChoice.parse(each.replace(":", ":1"))).isNotNull());
  }

  @Test
  void fish_doesNotOfferWhatIsOfAnotherCommand() throws Exception {
    assertThat(run("fish", fish("md4 train --resume=")).lines())
        .hasSize(2) // and no files, as the config is
        .allMatch(offer -> offer.startsWith("--resume=last"));
    assertThat(run("fish", fish("md4 train --config=../"))).isNotEmpty();
    assertThat(run("fish", fish("md4 train ../"))).isNotEmpty();
    assertThat(run("fish", fish("md4 data text --")))
        .contains("--vocabulary")
        .doesNotContain("--temperature", "--passes");
  }

  @Test
  void otherShells_areRefused() {
    md4("completion", "tcsh").failed(2, "must be bash, zsh or fish: tcsh (");
    md4("completion").failed(2, "Missing required parameter");
  }
}
