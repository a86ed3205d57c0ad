// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.help;

import io.github.md4.cli.option.TitledOptions;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import picocli.CommandLine;
import picocli.CommandLine.Help;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.UsageMessageSpec;

/**
 * The layout of the help: options under titles, the terminal's width, exit codes that can occur.
 */
public final class HelpLayout {
  private static final String OWN = "Options";
  private static final String COMMON = "For every command";
  private static final int NARROWEST = 60;
  private static final int WIDEST = 120;

  private HelpLayout() {}

  /** Lays out the help of a command and of all below it. */
  public static void install(CommandLine command) {
    CommandSpec spec = command.getCommandSpec();
    UsageMessageSpec message = spec.usageMessage();
    message.abbreviateSynopsis(true);
    message.commandListHeading("%nCommands:%n");
    setWidth(message);
    command.getHelpSectionMap().put(UsageMessageSpec.SECTION_KEY_OPTION_LIST, HelpLayout::options);
    if (!spec.root().equals(spec)) {
      ExitCodeList.of(spec).ifPresent(message::exitCodeList);
    }
    command.getSubcommands().values().forEach(HelpLayout::install);
  }

  /** Sets the width of COLUMNS, or that of the terminal; 80 without one. */
  private static void setWidth(UsageMessageSpec message) {
    String columns = System.getenv("COLUMNS");
    if (columns != null && columns.matches("\\d{1,4}")) {
      message.width(Math.max(NARROWEST, Math.min(WIDEST, Integer.parseInt(columns))));
    } else {
      message.autoWidth(true);
    }
  }

  /** Returns the options, those of each title together. */
  private static String options(Help help) {
    StringBuilder text = new StringBuilder();
    List<OptionSpec> all = help.commandSpec().options();
    byTitle(help.commandSpec())
        .forEach(
            (title, options) -> {
              // All sections have the same columns.
              Help.Layout layout = layout(help, all);
              layout.addOptions(options, help.createDefaultParamLabelRenderer());
              text.append(String.format("%n%s:%n", title)).append(layout);
            });
    return UnbrokenWords.unglued(text.toString());
  }

  private static Help.Layout layout(Help help, List<OptionSpec> all) {
    Help.Layout usual =
        help.createDefaultLayout(
            all, help.commandSpec().positionalParameters(), help.colorScheme());
    return new Help.Layout(
        help.colorScheme(),
        usual.textTable(),
        new UnbrokenWords(help.createDefaultOptionRenderer()),
        help.createDefaultParameterRenderer());
  }

  /** Returns the options that are shown, in the order of their titles and of their declaration. */
  static Map<String, List<OptionSpec>> byTitle(CommandSpec spec) {
    Map<OptionSpec, String> titles = new LinkedHashMap<>();
    collect(spec, titles);
    Map<String, List<OptionSpec>> byTitle = new LinkedHashMap<>();
    byTitle.put(OWN, new ArrayList<>());
    titles.values().stream()
        .filter(Objects::nonNull)
        .forEach(title -> byTitle.putIfAbsent(title, new ArrayList<>()));
    byTitle.put(COMMON, new ArrayList<>());
    for (OptionSpec option : spec.options()) {
      if (!option.hidden()) {
        String own = isCommon(option) ? COMMON : OWN;
        byTitle.get(titles.getOrDefault(option, own)).add(option);
      }
    }
    byTitle.values().removeIf(List::isEmpty);
    return byTitle;
  }

  private static boolean isCommon(OptionSpec option) {
    return option.inherited() || option.usageHelp() || option.versionHelp();
  }

  /** Collects the titles of the options of mixins, and of mixins within them. */
  private static void collect(CommandSpec spec, Map<OptionSpec, String> titles) {
    for (CommandSpec mixin : spec.mixins().values()) {
      if (mixin.userObject() instanceof TitledOptions titled) {
        mixin.options().forEach(option -> titles.put(option, titled.title()));
      }
      collect(mixin, titles);
    }
  }
}
