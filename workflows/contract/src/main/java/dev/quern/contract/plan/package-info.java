/** How a job is done: what inspection found and what planning fixed. */
@NullMarked
package dev.quern.contract.plan;

import org.jspecify.annotations.NullMarked;
