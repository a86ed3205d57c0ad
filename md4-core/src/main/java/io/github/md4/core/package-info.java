// SPDX-License-Identifier: Apache-2.0
/**
 * The types that every module uses: precision, memory format, activation, and one exception for
 * each exit code.
 *
 * <p>What holds in all packages: letters are B examples, N positions, V tokens, D channels and R
 * asked rows; the id V is the mask. Losses are in nats unless a name says bits. No argument may be
 * null, and no result is, unless a method says so. A result that is an NDArray belongs to the
 * manager that its method names, and no argument is closed unless a method says so. Records and
 * enumerations are immutable and safe for several threads, as far as nobody changes the arrays in
 * them.
 *
 * <p>Sources, as the documentation cites them; docs/ is the folder of that name in the sources, and
 * "spec" is docs/spec.md in it:
 *
 * <ul>
 *   <li>MD4 and GenMD4: "Simplified and Generalized Masked Diffusion for Discrete Data", arXiv
 *       2406.04329; md4 is its authors' code
 *   <li>Arriola et al., 2025 (BD3-LM): arXiv 2503.09573
 *   <li>Austin et al., 2021 (D3PM): arXiv 2107.03006
 *   <li>Campbell et al., 2022 (tauLDR): arXiv 2205.14987
 *   <li>Chang et al., 2022 (MaskGIT): arXiv 2202.04200
 *   <li>Gulrajani and Hashimoto, 2023 (Plaid): arXiv 2305.18619
 *   <li>Ho et al., 2020 (DDPM): arXiv 2006.11239; Ho and Salimans, 2022 (guidance): arXiv
 *       2207.12598
 *   <li>Hoogeboom et al., 2021 (multinomial diffusion): arXiv 2102.05379; 2022 (any order): arXiv
 *       2110.02037; 2023 (UViT): arXiv 2301.11093
 *   <li>Kingma et al., 2021 (VDM): arXiv 2107.00630
 *   <li>Lou et al., 2024 (SEDD): arXiv 2310.16834
 *   <li>Nie et al., 2025 (LLaDA): arXiv 2502.09992
 *   <li>Ou et al., 2024 (RADD): arXiv 2406.03736
 *   <li>Peebles and Xie, 2023 (DiT): arXiv 2212.09748
 *   <li>Radford et al., 2019 (GPT-2): "Language Models are Unsupervised Multitask Learners"
 *   <li>Sahoo et al., 2024 (MDLM): arXiv 2406.07524
 *   <li>Salmon et al., 2011 (Philox): "Parallel Random Numbers: As Easy as 1, 2, 3"
 *   <li>Su et al., 2021 (rotary positions): arXiv 2104.09864
 *   <li>Vaswani et al., 2017: arXiv 1706.03762
 * </ul>
 */
package io.github.md4.core;
