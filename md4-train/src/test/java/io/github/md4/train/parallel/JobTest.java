// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.parallel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.md4.core.InvalidConfigException;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("exact")
final class JobTest {
  private static Map<String, String> torchrun() {
    Map<String, String> variables = new HashMap<>();
    variables.put("RANK", "3");
    variables.put("WORLD_SIZE", "8");
    variables.put("LOCAL_RANK", "1");
    variables.put("MASTER_ADDR", "node2");
    variables.put("MASTER_PORT", "29400");
    return variables;
  }

  @Test
  void of_readsTorchrunsVariables() {
    assertThat(Job.of(torchrun())).isEqualTo(new Job(3, 8, 1, "node2", 29400, ""));
    Map<String, String> agent = torchrun();
    agent.put("TORCHELASTIC_USE_AGENT_STORE", "True");
    agent.put("TORCHELASTIC_RUN_ID", "x7");
    assertThat(Job.of(agent)).isEqualTo(new Job(3, 8, 1, "node2", 29401, "x7"));
  }

  @Test
  void of_isAloneWithoutOthers() {
    assertThat(Job.of(Map.of())).isEqualTo(Job.alone());
    assertThat(Job.of(Map.of("RANK", "0", "WORLD_SIZE", "1"))).isEqualTo(Job.alone());
    // A batch script of Slurm, outside of srun.
    assertThat(Job.of(Map.of("SLURM_PROCID", "0", "SLURM_NTASKS", "8"))).isEqualTo(Job.alone());
  }

  @Test
  void of_readsSlurmsVariables() {
    Map<String, String> step = new HashMap<>();
    step.put("SLURM_PROCID", "9");
    step.put("SLURM_STEP_NUM_TASKS", "16");
    step.put("SLURM_LOCALID", "1");
    step.put("SLURM_JOB_ID", "123456");
    step.put("SLURM_STEP_NODELIST", "gpu[07-08]");
    assertThat(Job.of(step)).isEqualTo(new Job(9, 16, 1, "gpu07", 23456, "slurm 123456.0"));
    step.put("SLURM_STEP_ID", "1"); // beside step 0 of the same job
    assertThat(Job.of(step)).isEqualTo(new Job(9, 16, 1, "gpu07", 31375, "slurm 123456.1"));
  }

  @ParameterizedTest
  @CsvSource({
    "RANK,8",
    "RANK,x",
    "WORLD_SIZE,0",
    "LOCAL_RANK,-1",
    "MASTER_PORT,0",
    "MASTER_ADDR,''"
  })
  void of_namesTheVariableThatIsWrong(String name, String value) {
    Map<String, String> variables = torchrun();
    variables.put(name, value);
    assertThatThrownBy(() -> Job.of(variables))
        .isInstanceOf(InvalidConfigException.class)
        .hasMessageContaining(name);
    variables.remove(name);
    if (!name.equals("LOCAL_RANK") && !name.equals("MASTER_PORT")) {
      assertThatThrownBy(() -> Job.of(variables))
          .isInstanceOf(InvalidConfigException.class)
          .hasMessageContaining(name);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "node1,node1",
    "'a[03-07,9],b',a03",
    "'a,b',a",
    "'a[1,2]-x',a1-x",
    "'r[2-3]n[08,10],b',r2n08"
  })
  void firstHost_isThatOfTheList(String list, String first) {
    assertThat(Job.firstHost(list)).isEqualTo(first);
  }
}
