// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.evaluate;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.md4.cli.support.Json;
import io.github.md4.cli.support.Table;
import io.github.md4.cli.support.WithError;
import io.github.md4.sample.SampleDiversity;
import io.github.md4.sample.scoring.ScoredSamples;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * What a judge says of samples, and how varied they are: never one without the other.
 *
 * @param cut tokens beyond the judge's longest sequence
 */
record GenerativeReport(ScoredSamples judged, List<int[]> samples, long cut, Origin origin) {
  private static final int LONGEST = 4;

  /**
   * What was judged by what.
   *
   * @param how device, precision and whose tokens
   */
  public record Origin(
      Path judge, String judgeSha256, Path samples, String samplesSha256, String how) {}

  Table table() {
    SampleDiversity diversity = SampleDiversity.of(samples, LONGEST);
    Table table = new Table();
    table.row(
        "perplexity",
        "%.4f over all tokens; %s in the mean over samples",
        judged.perplexityOfAllTokens(),
        WithError.text(judged.meanOfPerplexities(), judged.meanOfPerplexitiesStandardError()));
    table.row(
        "entropy",
        "%.4f nats, of each sample's own tokens, in the mean over samples",
        diversity.entropy());
    table.row(
        "distinct",
        "%s of the 1-, 2-, 3- and 4-grams",
        diversity.distinct().stream()
            .map(share -> String.format(Locale.ROOT, "%.4f", share))
            .collect(Collectors.joining(", ")));
    table.row(
        "samples",
        "%,d, %,d tokens judged, all but the first of each; %,d cut off",
        samples.size(),
        judged.tokens(),
        cut);
    table.row("judge", "%s, %s, SHA-256 %s", origin.judge, origin.how, origin.judgeSha256);
    table.row("file", "%s, SHA-256 %s", origin.samples, origin.samplesSha256);
    return table;
  }

  public ObjectNode json() {
    SampleDiversity diversity = SampleDiversity.of(samples, LONGEST);
    ObjectNode json = Json.object();
    json.set("perplexityOfAllTokens", Json.number(judged.perplexityOfAllTokens()));
    json.set("meanOfPerplexities", Json.number(judged.meanOfPerplexities()));
    json.set(
        "meanOfPerplexitiesStandardError", Json.number(judged.meanOfPerplexitiesStandardError()));
    json.set("entropy", Json.number(diversity.entropy()));
    ArrayNode distinct = json.putArray("distinct");
    diversity.distinct().forEach(share -> distinct.add(Json.number(share)));
    return json.put("samples", samples.size())
        .put("tokens", judged.tokens())
        .put("cut", cut)
        .put("judge", origin.judge.toString())
        .put("judgeSha256", origin.judgeSha256)
        .put("how", origin.how)
        .put("file", origin.samples.toString())
        .put("fileSha256", origin.samplesSha256);
  }
}
