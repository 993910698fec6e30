/** What an installation has once for all jobs: locks, workers, estimates. */
@NullMarked
package dev.quern.jobs.installation;

import org.jspecify.annotations.NullMarked;
