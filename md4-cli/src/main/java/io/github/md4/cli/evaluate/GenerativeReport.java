// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.evaluate;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.md4.cli.report.Json;
import io.github.md4.cli.report.Table;
import io.github.md4.cli.report.WithError;
import io.github.md4.core.internal.text.Counted;
import io.github.md4.sample.SampleDiversity;
import io.github.md4.sample.scoring.ScoredSamples;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The scores of samples together with their diversity: neither says much without the other.
 *
 * @param cut the number of tokens beyond the longest sequence of the scorer
 */
record GenerativeReport(ScoredSamples scored, List<int[]> samples, long cut, Origin origin) {
  private static final int LONGEST = 4;

  /**
   * The samples and the model that scored them.
   *
   * @param how the device, the precision and the source of the tokens
   */
  record Origin(Path scorer, String scorerSha256, Path samples, String samplesSha256, String how) {}

  Table table() {
    SampleDiversity diversity = SampleDiversity.of(samples, LONGEST);
    Table table = new Table();
    table.row(
        "perplexity",
        "%.4f over all tokens; %s in the mean over samples",
        scored.perplexityOfAllTokens(),
        WithError.text(scored.meanOfPerplexities(), scored.meanOfPerplexitiesStandardError()));
    WithError.addReason(
        table,
        scored.meanOfPerplexitiesStandardError(),
        "a single sample has no spread: score more of them");
    table.row(
        "entropy",
        "%.4f nats, of each sample's own tokens, in the mean over samples",
        diversity.entropy());
    table.row(
        "distinct",
        "%s of the 1-, 2-, 3- and 4-grams",
        diversity.distinct().stream()
            .map(share -> WithError.number("%.4f", share))
            .collect(Collectors.joining(", ")));
    table.row(
        "samples",
        "%,d, %s scored, all but the first of each; %,d cut off",
        samples.size(),
        Counted.of(scored.tokens(), "token"),
        cut);
    table.row("scorer", "%s, %s, SHA-256 %s", origin.scorer, origin.how, origin.scorerSha256);
    table.row("file", "%s, SHA-256 %s", origin.samples, origin.samplesSha256);
    return table;
  }

  ObjectNode json() {
    SampleDiversity diversity = SampleDiversity.of(samples, LONGEST);
    ObjectNode json = Json.report();
    json.set("perplexityOfAllTokens", Json.number(scored.perplexityOfAllTokens()));
    json.set("meanOfPerplexities", Json.number(scored.meanOfPerplexities()));
    Json.set(
        json,
        "meanOfPerplexitiesStandardError",
        scored.meanOfPerplexitiesStandardError(),
        "a single sample");
    json.set("entropy", Json.number(diversity.entropy()));
    ArrayNode distinct = json.putArray("distinct");
    diversity.distinct().forEach(share -> distinct.add(Json.number(share)));
    return json.put("samples", samples.size())
        .put("tokens", scored.tokens())
        .put("cut", cut)
        .put("judge", origin.scorer.toString())
        .put("judgeSha256", origin.scorerSha256)
        .put("how", origin.how)
        .put("file", origin.samples.toString())
        .put("fileSha256", origin.samplesSha256);
  }
}
