// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.importing;

import io.github.md4.cli.failure.ExitCodes;
import io.github.md4.cli.model.ModelArgument;
import io.github.md4.cli.model.PassedOver;
import io.github.md4.cli.report.Json;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.model.Weights;
import io.github.md4.core.published.PublishedCopy;
import io.github.md4.core.published.TransformersExport;
import io.github.md4.train.folder.RunFolder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The command {@code md4 export}. */
@Command(
    name = "export",
    description = {
      "Writes a model so that PyTorch's transformers load it, with trust_remote_code.",
      "A model that md4 import made goes back to its published layout."
    },
    sortOptions = false,
    footer = {
      "%nExamples:",
      "  md4 export --model runs/quickstart --to quickstart-pytorch",
      "  md4 export --model runs/own-dream --like models/dream --to own-dream"
    })
public final class ExportCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Mixin private ModelArgument folder;

  /** The layouts of folders. */
  enum Layout {
    TRANSFORMERS;

    @Override
    public String toString() {
      return "transformers";
    }
  }

  @Option(
      names = "--layout",
      paramLabel = "transformers",
      description = "The layout of the folder. Default: ${DEFAULT-VALUE}.")
  private Layout layout = Layout.TRANSFORMERS;

  @Option(
      names = "--weights",
      paramLabel = "ema|raw",
      description = "The averaged weights, or those of the last update. Default: ${DEFAULT-VALUE}.")
  private Weights weights = Weights.EMA;

  @Option(
      names = "--like",
      paramLabel = "DIR",
      description =
          "The model that md4 import made, from which this one was trained further: its published"
              + " layout and files, with the weights of this one, in float32.")
  private Path like;

  @Option(
      names = "--to",
      required = true,
      paramLabel = "FOLDER",
      description = "The folder to be made.")
  private Path to;

  @Option(names = "--json", description = "Print a JSON object, not a line.")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    Path model = RunFolder.modelIn(folder.path(), weights);
    PassedOver.note(folder.path(), model, weights)
        .ifPresent(note -> spec.commandLine().getErr().println("md4: " + note));
    boolean isPublished = like != null || PublishedCopy.isIn(model);
    if (like != null) {
      PublishedCopy.restore(like, SavedModel.weightsFile(model, weights), to);
    } else if (isPublished) {
      PublishedCopy.restore(model, to);
    } else {
      TransformersExport.write(model, weights, to);
    }
    spec.commandLine()
        .getOut()
        .println(
            json
                ? Json.report().put("folder", to.toString()).put("layout", layout.toString())
                : "written to %s, %s"
                    .formatted(
                        to,
                        isPublished ? "in the layout as published" : "in the layout " + layout));
    return ExitCodes.DONE;
  }
}
