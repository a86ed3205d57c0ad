// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.evaluate;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.md4.cli.evaluate.AnswerFile.Choice;
import io.github.md4.cli.evaluate.AnswerFile.Item;
import io.github.md4.cli.failure.ExitCodes;
import io.github.md4.cli.failure.Usage;
import io.github.md4.cli.model.LoadedModel;
import io.github.md4.cli.model.ModelOptions;
import io.github.md4.cli.option.OptionTypes;
import io.github.md4.cli.screen.Progress;
import io.github.md4.core.InvalidConfigException;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.diffusion.PromptGuidedDenoiser;
import io.github.md4.core.diffusion.TokenSpace;
import io.github.md4.core.likelihood.AnswerLikelihood;
import io.github.md4.core.likelihood.AnswerLikelihood.Estimate;
import io.github.md4.core.likelihood.AnswerLikelihood.Pair;
import io.github.md4.core.likelihood.AnswerMasks;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.schedule.MaskingSchedule;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The command {@code md4 evaluate answers}. */
@Command(
    name = "answers",
    description =
        "Estimates a bound on the likelihood of answers after their prompts: tokens of the answer"
            + " alone are masked, as LLaDA's and Dream's authors evaluate. Of several answers to a"
            + " prompt the likeliest is chosen, and right choices are counted.",
    sortOptions = false,
    footer = {
      "%nA line of the file is one of",
      "  {\"prompt\": \"at dawn the\", \"answer\": \" fox sings\"}",
      "  {\"prompt\": \"2 + 2 =\", \"answers\": [\" 4\", \" 5\"], \"correct\": 0}",
      "where a text may be an array of tokens.",
      "%nExamples:",
      "  md4 evaluate answers --model llada --from questions.jsonl --precision bfloat16",
      "  md4 evaluate answers --model dream --from questions.jsonl --masks times"
    })
final class EvaluateAnswersCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(names = "--model", required = true, paramLabel = "DIR", description = ModelOptions.FOLDER)
  private Path folder;

  @Option(
      names = "--from",
      required = true,
      paramLabel = "FILE.jsonl",
      description = "Prompts with their answers, a JSON object a line.")
  private Path file;

  @Option(
      names = "--masks",
      paramLabel = "counts|times",
      description =
          "How masks are drawn: a uniform number of masked tokens (LLaDA), or each token by a"
              + " probability that is uniform in [0.001, 1] (Dream). Default: counts.")
  private AnswerMasks masks = AnswerMasks.COUNTS;

  @Option(
      names = "--rounds",
      paramLabel = "N",
      converter = OptionTypes.Amount.class,
      description =
          "Independent rounds for each answer, whose spread is the error of its estimate."
              + " Default: ${DEFAULT-VALUE}.")
  private int rounds = 8;

  @Option(
      names = "--draws",
      paramLabel = "N",
      converter = OptionTypes.Amount.class,
      description =
          "The draws of a round, spread evenly, which are one call of the network."
              + " Default: ${DEFAULT-VALUE}.")
  private int draws = 16;

  @Option(
      names = "--prompt-guidance",
      paramLabel = "S",
      converter = OptionTypes.PromptGuidance.class,
      description =
          "The scale of guidance away from the sequence without its prompt (LLaDA's cfg_scale)."
              + " Default: ${DEFAULT-VALUE}, without.")
  private double promptGuidance = 0;

  @Option(
      names = "--with-mask-row",
      description =
          "Normalise over the mask's row of a published table too, as the code of LLaDA's and"
              + " Dream's authors does; without it over tokens alone.")
  private boolean isWithMaskRow;

  @Option(
      names = "--seed",
      paramLabel = "SEED",
      description = "The seed of the masks. Default: ${DEFAULT-VALUE}.")
  private long seed = 0;

  @Mixin private ModelOptions options;

  @Option(
      names = "--out",
      paramLabel = "FILE.jsonl",
      description =
          "Write each answer's value to this file too, a JSON object a line, as soon as its prompt"
              + " is done: what was scored is there when the command is stopped.")
  private Path out;

  @Option(
      names = "--json",
      description = "Print one JSON object with each answer's value, not a table.")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    if ((long) rounds * draws > Integer.MAX_VALUE) {
      throw Usage.error(
          spec,
          "--rounds times --draws must be at most %,d: %,d"
              .formatted(Integer.MAX_VALUE, (long) rounds * draws));
    }
    try (LoadedModel model = options.open(folder)) {
      AnswerLikelihood likelihood = likelihood(model);
      List<Item> items =
          new AnswerFile(
                  file, model.description().tokenizer(), model.description().config().length())
              .read();
      AnswerReport report =
          new AnswerReport(
              file,
              items,
              scored(model, likelihood, items),
              new AnswerReport.Settings(masks, rounds, draws, promptGuidance, isWithMaskRow, seed),
              model.origin());
      PrintWriter printer = spec.commandLine().getOut();
      if (json) {
        printer.println(report.json());
      } else {
        report.table().print(printer);
      }
    }
    return ExitCodes.DONE;
  }

  private AnswerLikelihood likelihood(LoadedModel model) {
    MaskingSchedule shared = SharedSchedule.of(model, "likelihood of an answer");
    if (model.description().config().network().blockSize() > 0) {
      throw new InvalidConfigException(
          "--model",
          "unmasks block by block, so that an answer over several blocks has no bound of this"
              + " kind; md4 evaluate scores its sequences");
    }
    return new AnswerLikelihood(model.description().tokenSpace(), shared);
  }

  /** Returns an estimate for each answer of each item. */
  private List<List<Estimate>> scored(
      LoadedModel model, AnswerLikelihood likelihood, List<Item> items) throws IOException {
    Denoiser tokens = model.model().denoiser();
    Denoiser denoiser = isWithMaskRow ? tokens.withMaskColumn() : tokens;
    AnswerLikelihood.Settings settings =
        new AnswerLikelihood.Settings(masks, new Noise(seed), rounds, draws);
    List<List<Estimate>> estimates = new ArrayList<>();
    long number = 0;
    try (AnswerLines lines = AnswerLines.open(out);
        Progress progress = Progress.start("evaluate", 0, items.size())) {
      for (Item item : items) {
        List<Estimate> each = new ArrayList<>();
        List<ObjectNode> values = new ArrayList<>();
        for (Choice choice : item.choices()) {
          Denoiser guided = guided(denoiser, likelihood.space(), choice.pair());
          each.add(likelihood.estimate(model.manager(), guided, choice.pair(), settings, number++));
          values.add(AnswerReport.answer(item, values.size(), each.get(values.size())));
        }
        lines.write(values);
        estimates.add(each);
        progress.at(estimates.size(), "");
      }
    }
    return estimates;
  }

  private Denoiser guided(Denoiser denoiser, TokenSpace space, Pair pair) {
    if (promptGuidance == 0) {
      return denoiser;
    }
    boolean[] isGiven = new boolean[pair.whole().length];
    Arrays.fill(isGiven, 0, pair.prompt().length, true);
    return new PromptGuidedDenoiser(denoiser, space.maskToken(), promptGuidance, isGiven);
  }
}
