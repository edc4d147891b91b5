# A worker of Sidekiq, without a job.
class Letter
  include Sidekiq::Worker

  def perform; end
end
