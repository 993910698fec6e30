/**
 * Proofs of durability: programs that kill real processes while they work on real jobs, and look at what is left. Each
 * prints a table and leaves it in {@code target/proofs}.
 */
package dev.quern.proofs;
