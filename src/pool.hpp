// A small thread pool for one frame at a time. Threads sleep between jobs and never spin: a spinning wait stalls
// for a scheduler's time slice whenever another process holds a core.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace avatar {

class Pool {
   public:
    // `threads` includes the caller's; 1 runs everything there.
    explicit Pool(int threads);
    ~Pool();
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;

    int threads() const { return static_cast<int>(workers_.size()) + 1; }

    // Calls task(i) for every i in [0, count), on all threads; returns when all are done. The caller works too and
    // does not wait for threads that found nothing left to do.
    void run(int count, const std::function<void(int)>& task);

   private:
    struct Job;
    void work();
    static int take(Job& job);

    std::mutex mutex_;
    std::condition_variable wake_, done_;
    Job* job_ = nullptr;  // guarded by mutex_
    uint64_t generation_ = 0;
    bool stop_ = false;
    std::vector<std::thread> workers_;
};

}  // namespace avatar
